import { classifyColumns } from "@sluice/desensitize";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Workplace } from "./data-fixture.ts";

const ROWS = 20_000;

let place: Workplace;
beforeEach(async () => {
  place = await Workplace.open();
});
afterEach(() => place[Symbol.asyncDispose]());

/** A table of which one column has few values, one has its identifiers at the end only, and one is measured. */
const TABLE = [
  "row,sparse,late,mostly,amount",
  ...Array.from({ length: ROWS }, (_, i) => {
    const sparse = i % 200 === 7 ? `王${String.fromCodePoint(0x4f1f + Math.floor(i / 200))}` : "";
    const late = i > ROWS - 1_500 ? `user${i}@example.com` : "none";
    const mostly = i % 10 === 0 ? "none" : `139${10_000_000 + i}`;
    return `${i},${sparse},${late},${mostly},${(i * 7_919) % 100_000}.5`;
  }),
  "",
].join("\n");

test("a column is known by its values wherever in the table they stand, and few of them are enough", async () => {
  const { fields } = await place.import(TABLE);
  expect(fields.map(({ name, role }) => `${name} ${role}`)).toEqual([
    "row quasi",
    "sparse direct",
    "late direct",
    "mostly direct",
    "amount sensitive",
  ]);
  const findings = await place.store.classify({ resource: "people" });
  expect(findings.map(({ name, kind, mixed }) => `${name} ${kind} ${mixed}`)).toEqual([
    "row number false",
    "sparse person-name false",
    "late e-mail true",
    "mostly mobile-number false",
    "amount number false",
  ]);
  expect(await place.store.classify({ resource: "people" })).toEqual(findings);
  // The share is that of the whole table, within what a sample of 2,000 can tell: 1,499 of 20,000 rows.
  const [mixed] = findings[2]?.reasons ?? [];
  expect(mixed?.code === "mixed" ? mixed.percent : 0).toBeGreaterThanOrEqual(5);
  expect(mixed?.code === "mixed" ? mixed.percent : 100).toBeLessThanOrEqual(10);
});

test("what is found in a small table is what its plain values say", async () => {
  const values = Array.from({ length: 80 }, (_, i) => `京A${10_000 + i}`);
  await place.import(`plate\n${values.join("\n")}\n`);
  expect(await place.store.classify({ resource: "people" })).toEqual(
    classifyColumns([{ name: "plate", title: "plate", type: "text", values, filled: 80, distinct: 80 }]),
  );
});

test("a resource that is not there and a cancelled look are said", async () => {
  await expect(place.store.classify({ resource: "people" })).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  await place.import("a\n1\n");
  await expect(place.store.classify({ resource: "people", signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "ERR_CANCELLED",
  });
});
