/** Tables of one source, one after another: nothing that two of them show differs by a few persons. The oracle holds sets of
 *  persons as they are, and compares each number with each.
 *  @module */
import { createHash } from "node:crypto";
import type { Verdict } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { recovery, uncertainty } from "../src/guard/association.ts";
import { SET_WORDS } from "../src/index.ts";
import { joined, judge, persons, refused, shownOf, specOf, tableOf, type PlainRow } from "./differencing-fixture.ts";

/** What is behind every count and every mean that a table shows, as one text for each person. */
function behind(
  rows: readonly PlainRow[],
  verdict: Verdict,
): { kind: "count" | "mean"; persons: Map<number, string> }[] {
  if (!verdict.ok) return [];
  const { cells, dimensions } = tableOf(verdict);
  const cellOf = (key: string): PlainRow[] => rows.filter(({ at }) => at.join() === key);
  const listed = cells.map(({ at }) => cellOf(at.join()));
  const of = (some: readonly PlainRow[], text: (row: PlainRow) => string): Map<number, string> =>
    new Map(
      [...Map.groupBy(some, ({ who }) => who)].map(([who, own]) => [
        who,
        own
          .map((row) => text(row))
          .sort()
          .join(),
      ]),
    );
  const all = listed.flat();
  const levels = dimensions.flatMap(({ levels: names }, i) =>
    names.map((_, level) => all.filter(({ at }) => at[i] === level)),
  );
  const counts = [...listed, ...levels, all].filter(({ length }) => length > 0);
  const means = cells.flatMap(({ at, means: own }) => ("m" in own ? [cellOf(at.join())] : []));
  return [
    ...counts.map((some) => ({ kind: "count" as const, persons: of(some, () => "1") })),
    ...means.map((some) => {
      const valued = some.filter(({ value }) => !Number.isNaN(value));
      return { kind: "mean" as const, persons: of(valued, ({ value }) => String(value)) };
    }),
  ];
}

/** Persons in one and not in the other, and persons in both of whom something else was counted. */
function apart(
  one: ReadonlyMap<number, string>,
  other: ReadonlyMap<number, string>,
): { persons: number; contents: number } {
  const everybody = new Set([...one.keys(), ...other.keys()]);
  const persons = [...everybody].filter((who) => one.has(who) !== other.has(who)).length;
  return { persons, contents: [...everybody].filter((who) => one.get(who) !== other.get(who)).length };
}

const first = [
  ...persons(0, 70, [0, 0]),
  ...persons(100, 80, [0, 1]),
  ...persons(200, 90, [1, 0]),
  ...persons(300, 40, [1, 1]),
];
const spec = specOf([2, 2]);

test("the same rows again show the same, and nothing is taken out", () => {
  const one = judge(first, spec);
  const again = judge(first.toReversed(), spec, shownOf(one));
  expect(tableOf(again)).toEqual(tableOf(one));
  // Four cells, four totals of levels, the total, and four means.
  expect(shownOf(one)).toHaveLength(13 * SET_WORDS);
  expect(
    [one, again].map(({ findings }) => findings.find(({ rule }) => rule === "table-differencing")?.result),
  ).toEqual(["passed", "changed"]);
});

test("table-differencing: a cell that one to nine persons tell from an earlier one is not listed, and ten do no harm", () => {
  const before = shownOf(judge(first, spec));
  const cellsOf = (rows: PlainRow[]): string[] => tableOf(judge(rows, spec, before)).cells.map(({ at }) => at.join());
  const without = (count: number): PlainRow[] => first.filter(({ who }) => who < 300 || who >= 300 + count);
  expect(cellsOf(without(1))).toEqual(["0,0", "0,1", "1,0"]);
  expect(cellsOf(without(9))).toEqual(["0,0", "0,1", "1,0"]);
  expect(cellsOf(without(20))).toEqual(["0,0", "0,1", "1,0", "1,1"]);
  expect(cellsOf([...first, ...persons(900, 1, [1, 1])])).toEqual(["0,0", "0,1", "1,0"]);
  // One goes and another comes: the counts are the same.
  expect(cellsOf([...without(1), ...persons(900, 1, [1, 1])])).toEqual(["0,0", "0,1", "1,0"]);
});

/** Cells that are listed, and those of them whose mean of `name` is shown. */
function placesOf(verdict: Verdict, name = "m"): { listed: string[]; means: string[] } {
  const { cells } = tableOf(verdict);
  const places = (some: typeof cells): string[] => some.map(({ at }) => at.join());
  return { listed: places(cells), means: places(cells.filter(({ means }) => name in means)) };
}
const ALL = ["0,0", "0,1", "1,0", "1,1"];
const THREE = ALL.slice(0, 3);

test("table-differencing: of the same persons, one with another number of rows is not shown, nor a mean of another value", () => {
  const before = shownOf(judge(first, spec));
  expect(placesOf(judge([...first, ...persons(310, 1, [1, 1])], spec, before)).listed).toEqual(THREE);
  for (const value of [900, 40, Number.NaN]) {
    const changed = first.map((row) => (row.who === 310 ? { ...row, value } : row));
    expect(placesOf(judge(changed, spec, before)), `${value}`).toEqual({ listed: ALL, means: THREE });
  }
});

test("table-differencing: no other measure, name or scale hides that few have no value, or that few have another", () => {
  const before = shownOf(judge(first, spec));
  const z = ({ who }: PlainRow): number => (who * 7) % 23;
  const gone = ({ who, value }: PlainRow): number => (who === 310 ? Number.NaN : value);
  const other = ({ who, value }: PlainRow): number => (who === 310 ? value + 5 : value);
  for (const measures of [
    ["z", "n"],
    ["n", "z"],
  ]) {
    for (const n of [gone, other, (row: PlainRow) => 2 * gone(row) + 1]) {
      const verdict = judge(first, specOf([2, 2], measures), before, { z, n });
      expect(placesOf(verdict, "z"), measures.join()).toEqual({ listed: ALL, means: ALL });
      expect(placesOf(verdict, "n"), measures.join()).toEqual({ listed: ALL, means: THREE });
    }
  }
  // Of a measure beside others, as of the only one.
  const both = shownOf(judge(first, specOf([2, 2], ["z", "m"]), undefined, { z }));
  expect(placesOf(judge(first, specOf([2, 2], ["n"]), both, { n: gone }), "n").means).toEqual(THREE);
  // A mean that was not shown is not registered: the next table is held against what was shown.
  const hidden = judge(first, specOf([2, 2], ["n"]), before, { n: gone });
  const known = joined(before, shownOf(hidden));
  expect(placesOf(judge(first, specOf([2, 2], ["n"]), known, { n: ({ value }) => value }), "n").means).toEqual(ALL);
});

test("a limit: across tables, other values of everybody are taken for another measure, also when they only were rescaled", () => {
  const before = shownOf(judge(first, spec));
  const rescaled = first.map((row) => ({ ...row, value: 2 * row.value + (row.who === 310 ? 5 : 1) }));
  expect(placesOf(judge(rescaled, spec, before)).means).toEqual(ALL);
});

test("table-differencing: other measures do not hide that one person is missing, however many rows each has", () => {
  for (const rows of [first, [...first, ...first]]) {
    const before = shownOf(judge(rows, spec));
    const other = rows.flatMap((row) => (row.who === 310 ? [] : [{ ...row, value: 3 * row.value + 1 }]));
    const table = tableOf(judge(other, spec, before));
    expect(table.cells.map(({ at }) => at.join())).toEqual(["0,0", "0,1", "1,0"]);
  }
});

test("table-differencing: refuses when too many rows would not be listed", () => {
  const before = shownOf(judge(first, spec));
  const rows = first.filter(({ who }) => ![0, 100, 200, 300].includes(who));
  expect(refused(judge(rows, spec, before))).toEqual(["table-differencing"]);
  // A cell of 70 of 280 is more than a fifth.
  expect(refused(judge(first.slice(1), spec, before))).toEqual(["table-differencing"]);
});

test("table-differencing: tables by other groups are compared, too", () => {
  // The earlier one has no second dimension, and leaves out one person of the first level.
  const rows = first.filter(({ who }) => who < 40 || who >= 70);
  const flat = rows.filter(({ who }) => who !== 5).map((row) => ({ ...row, at: row.at.slice(0, 1) }));
  const before = shownOf(judge(flat, specOf([2])));
  const table = tableOf(judge(rows, specOf([2, 2]), before));
  // The total of the level would be one person apart: its smallest cell went.
  expect(table.cells.map(({ at }) => at.join())).toEqual(["0,1", "1,0", "1,1"]);
});

test("no two numbers of two or three tables are a few persons apart: every pair was compared", () => {
  const population = fc.record({
    sizes: fc.array(fc.integer({ min: 20, max: 45 }), { minLength: 4, maxLength: 4 }),
    gone: fc.array(fc.nat(170), { maxLength: 3 }),
    moved: fc.array(fc.nat(170), { maxLength: 2 }),
    changed: fc.array(fc.nat(170), { maxLength: 3 }),
    /** Persons without a value. */
    silent: fc.array(fc.nat(170), { maxLength: 2 }),
    flat: fc.boolean(),
    /** Cells of which every second person is gone, which is enough. */
    halved: fc.subarray([0, 1, 2, 3]),
  });
  let [served, refusals] = [0, 0];
  fc.assert(
    fc.property(fc.array(population, { minLength: 2, maxLength: 3 }), ([base, ...later]) => {
      if (base === undefined) return;
      const source = base.sizes.flatMap((size, cell) => persons(cell * 45, size, [cell >> 1, cell & 1]));
      let shown: Uint32Array = new Uint32Array(0);
      const seen: ReturnType<typeof behind>[] = [];
      for (const { gone, moved, changed, silent, flat, halved } of [
        { ...base, gone: [], moved: [], changed: [], silent: [], halved: [] },
        ...later,
      ]) {
        const rows = source
          .filter(({ who }, i) => !gone.includes(i) && !(halved.includes(Math.floor(who / 45)) && who % 2 === 0))
          .map((row, i) => ({
            who: row.who,
            at: (moved.includes(i) ? [1, 1] : row.at).slice(0, flat ? 1 : 2),
            value: silent.includes(i) ? Number.NaN : row.value + (changed.includes(i) ? 100 : 0),
          }));
        const verdict = judge(rows, flat ? specOf([2]) : spec, shown);
        if (!verdict.ok) {
          refusals++;
          continue;
        }
        if (seen.length > 0) served++;
        const own = behind(rows, verdict);
        for (const earlier of seen.flat()) {
          for (const set of own.filter(({ kind }) => kind === earlier.kind)) {
            const { persons: others, contents } = apart(set.persons, earlier.persons);
            expect(others === 0 || others >= 10, `${others} persons`).toBe(true);
            if (others === 0) expect(contents === 0 || contents >= 10, `${contents} values`).toBe(true);
          }
        }
        seen.push(own);
        shown = joined(shown, shownOf(verdict));
      }
    }),
    { numRuns: 150 },
  );
  expect(served).toBeGreaterThan(20);
  expect(refusals).toBeGreaterThan(20);
});

test("words that are no whole sets do not stop the guard", () => {
  for (const length of [1, SET_WORDS - 1, SET_WORDS + 7]) {
    expect(judge(first, spec, new Uint32Array(length)).ok).toBe(true);
  }
});

test("lambda and the uncertainty coefficient are those of worked examples", () => {
  const codesOf = (counts: number[][]): [number[], number[]] => {
    const pairs = counts.flatMap((row, a) =>
      row.flatMap((count, b) => Array.from({ length: count }, () => [a, b] as const)),
    );
    return [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
  };
  // 10 of 60 are guessed wrong with it, 25 without: 15 of 25 errors are saved.
  const [by, target] = codesOf([
    [30, 5],
    [5, 20],
  ]);
  const known = recovery({ codes: by, levels: 2 }, { codes: target, levels: 2 });
  expect(known).toEqual({ lambda: 15 / 25, recovered: 2 });
  const [half, other] = codesOf([
    [50, 0],
    [25, 25],
  ]);
  const h = (...shares: number[]): number => -shares.reduce((sum, share) => sum + share * Math.log(share), 0);
  const told = (h(0.75, 0.25) - 0.5 * h(0.5, 0.5) - 1 / 200) / h(0.75, 0.25);
  expect(uncertainty({ codes: half, levels: 2 }, { codes: other, levels: 2 })).toBeCloseTo(told, 10);
  // Sixty levels of chance over ninety rows tell nothing; without the correction it would be half.
  const random = Array.from({ length: 90 }, (_, i) => createHash("sha256").update(String(i)).digest());
  const many = { codes: random.map((bytes) => (bytes[0] ?? 0) % 60), levels: 60 };
  expect(uncertainty({ codes: random.map((bytes) => (bytes[1] ?? 0) % 10), levels: 10 }, many)).toBeLessThan(0.3);
});
