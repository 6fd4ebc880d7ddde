/** The page of an export, of calls whose party was erased.
 *  @module */
import { expect, test } from "vitest";
import { indexPage } from "../src/audit/index-page.ts";
import { Summary } from "../src/audit/summary.ts";
import { temporaryDirectory } from "./captured-io.ts";
import { writeEvidenceDirectory } from "./evidence-directory.ts";

test("calls of an erased party are counted, and told as nobody's", async () => {
  const [first, , ...rest] = await writeEvidenceDirectory(await temporaryDirectory(), 4);
  if (first === undefined) throw new Error("four receipts were written");
  const summary = new Summary();
  for (const receipt of [first, ...rest]) summary.addReceipt({ ...receipt, openings: {} });
  expect(summary.usage().map(({ caller }) => caller)).toEqual([null, null, null]);
  const period = { from: "2026-01-01T00:00:00.000Z", to: "2026-02-01T00:00:00.000Z" };
  const page = indexPage(summary, period, period.to);
  expect(page).toContain("（已删除）");
  expect(page).toContain("<b>0 家</b>");
  const { party } = first.openings;
  if (party === undefined) throw new Error("the receipt opens its party");
  const forged = { ...first, openings: { party: { ...party, salt: "0".repeat(64) } } };
  expect(() => summary.addReceipt(forged)).toThrow("the opening of its party does not fit");
});
