/** A list of 5,000 against a set of 20,000, whole: both variants. @module */
import { expect, test } from "vitest";
import { countMatches, intersect, preparePsi } from "./psi-product.ts";

const insured = Array.from({ length: 20_000 }, (_, i) => `person-${i}`);
const list = Array.from({ length: 5_000 }, (_, i) => `person-${i * 7}`);
const members = new Set(insured);
const expected = list.filter((entry) => members.has(entry));

test.runIf(process.env["SLOW"] === "1")("5,000 entries meet 20,000 by id", { timeout: 600_000 }, async () => {
  const { found, frames } = await intersect(await preparePsi("psi-ids", insured), list);
  expect(found).toEqual(expected);
  expect(frames.map((frame) => frame.length)).toEqual([39 + 5_120 * 32, 7 + 5_120 * 32 + 2 + 5 * 64]);
});

test.runIf(process.env["SLOW"] === "1")("5,000 entries meet 20,000 by count", { timeout: 600_000 }, async () => {
  const { count, frames } = await countMatches(await preparePsi("psi-cardinality", insured), list);
  expect(count).toBe(expected.length);
  expect(frames.map((frame) => frame.length)).toEqual([71 + 5_120 * 32, 11 + (5_120 + 8) * 32 + (20_480 + 8) * 12]);
});
