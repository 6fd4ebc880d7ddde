/** Two means of one cell: what one person has must not follow from both.
 *  @module */
import type { JobManifest, TableSpec } from "@sluice/protocol";
import { expect, test } from "vitest";
import { checkOutput } from "../src/index.ts";

const ROWS = 40;
const TARGET = 7;
const income = (who: number): number => (who === TARGET ? 310 : 50 + (who % 13));

/** Means of the one cell of a table, by measure; each row is of its own person unless `per` rows are. */
function meansOf(measures: Record<string, (who: number) => number>, per = 1): Record<string, number> {
  const rowCount = ROWS * per;
  const spec: TableSpec = {
    kind: "table",
    dimensions: [{ name: "d", levels: ["a", "b"] }],
    measures: Object.keys(measures),
  };
  const manifest: JobManifest = { name: "t", purpose: "t", input: { m: "f64" }, outputs: { t: spec } };
  const who = Uint32Array.from({ length: rowCount }, (_, row) => Math.floor(row / per));
  const values = Object.fromEntries(
    Object.entries(measures).map(([name, value]) => [name, Float64Array.from(who, value)]),
  );
  const rows = { kind: "table-rows", dimensions: { d: new Uint8Array(rowCount) }, measures: values } as const;
  const facts = { rowCount, environment: "production", subjects: who } as const;
  const verdict = checkOutput({ class: "served", values: { t: rows } }, manifest, facts);
  const table = verdict.ok && verdict.output.class === "served" ? verdict.output.values["t"] : undefined;
  if (table?.kind !== "table") throw new Error("refused");
  return table.cells[0]?.means ?? {};
}

const without =
  (value: (who: number) => number, few: number) =>
  (who: number): number =>
    who >= TARGET && who < TARGET + few ? Number.NaN : value(who);

test("table-mean: of two means that one to nine persons tell apart by having a value, the later is left out", () => {
  const yes = (who: number): number => who % 2;
  expect(Object.keys(meansOf({ all: yes, but: without(yes, 1) }))).toEqual(["all"]);
  expect(Object.keys(meansOf({ but: without(yes, 1), all: yes }))).toEqual(["but"]);
  for (const [few, names] of [
    [1, ["all"]],
    [9, ["all"]],
    [10, ["all", "but"]],
  ] as const) {
    expect(Object.keys(meansOf({ all: income, but: without(income, few) })), `${few}`).toEqual(names);
    // Whatever else was counted of the others, and however many rows each has.
    const other = without((who) => (who % 5) + who / 100, few);
    expect(Object.keys(meansOf({ all: income, but: other }, 3)), `${few}`).toEqual(names);
  }
  // Each is held against every one before it that is shown, and not against one that is not.
  const three = { all: income, but: without(income, 3), less: without(income, 12) };
  expect(Object.keys(meansOf(three))).toEqual(["all", "less"]);
});

test("table-mean: of two means that one to nine persons tell apart by another value, the later is left out, copies on a line included", () => {
  const changed =
    (few: number, line = (value: number) => value) =>
    (who: number): number =>
      line(income(who)) + (who >= TARGET && who < TARGET + few ? 25 + who : 0);
  for (const line of [(x: number) => x, (x: number) => 3 * x - 70, (x: number) => -0.01 * x + 2]) {
    for (const few of [1, 9]) {
      expect(Object.keys(meansOf({ all: income, other: changed(few, line) })), `${few}`).toEqual(["all"]);
    }
    expect(Object.keys(meansOf({ all: income, other: changed(0, line) }))).toEqual(["all", "other"]);
    expect(Object.keys(meansOf({ all: income, other: changed(10, line) }))).toEqual(["all", "other"]);
  }
  // Few have the lowest and the highest values, and they are the ones who differ.
  const ends = (who: number): number => (who < 5 ? -90 - who : who >= 35 ? 90 + who : who % 7);
  const apart = (who: number): number => ends(who) + (who < 5 || who >= 36 ? 40 * ((who % 3) + 1) : 0);
  expect(Object.keys(meansOf({ ends, apart }))).toEqual(["ends"]);
});

test("means of different numbers of the same persons are all shown", () => {
  const measures = { income, age: (who: number) => (who * 7) % 60, visits: (who: number) => (who * who) % 11 };
  expect(Object.keys(meansOf(measures))).toEqual(["income", "age", "visits"]);
});
