/** Tables of one source, one after another: nothing that two of them show differs by a few persons. The oracle holds sets of
 *  persons as they are, and compares each number with each.
 *  @module */
import { createHash } from "node:crypto";
import {
  NO_LEVEL,
  type DomainFacts,
  type JobManifest,
  type Table,
  type TableSpec,
  type Verdict,
} from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { recovery, uncertainty } from "../src/guard/association.ts";
import { checkOutput, SET_WORDS } from "../src/index.ts";

/** One row, of person `who`. */
interface PlainRow {
  readonly who: number;
  readonly at: readonly number[];
  readonly value: number;
}

const specOf = (...sizes: number[]): TableSpec => ({
  kind: "table",
  dimensions: sizes.map((size, i) => ({
    name: `d${i}`,
    levels: Array.from({ length: size }, (_, level) => `l${level}`),
  })),
  measures: ["m"],
});

/** The guard's verdict on a table, with the tags of the persons as a domain has them. */
function judge(rows: readonly PlainRow[], spec: TableSpec, shown: Uint32Array = new Uint32Array(0)): Verdict {
  const numbers = new Map<number, number>();
  for (const { who } of rows) if (!numbers.has(who)) numbers.set(who, numbers.size);
  const tags = Uint32Array.from(
    [...numbers.keys()].flatMap((who) => {
      const digest = createHash("sha256").update(`secret ${who}`).digest();
      return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
    }),
  );
  const subjects = Uint32Array.from(rows, ({ who }) => numbers.get(who) ?? 0);
  const dimensions = Object.fromEntries(
    spec.dimensions.map(({ name }, i) => [name, Uint8Array.from(rows, ({ at }) => at[i] ?? NO_LEVEL)]),
  );
  const measures = { m: Float64Array.from(rows, ({ value }) => value) };
  const facts: DomainFacts = { rowCount: rows.length, environment: "production", subjects, tags, shown };
  const manifest: JobManifest = { name: "t", purpose: "t", input: { m: "f64" }, outputs: { t: spec } };
  return checkOutput({ class: "served", values: { t: { kind: "table-rows", dimensions, measures } } }, manifest, facts);
}

const tableOf = (verdict: Verdict): Table => {
  const table = verdict.ok && verdict.output.class === "served" ? verdict.output.values["t"] : undefined;
  if (table?.kind !== "table") throw new Error(refused(verdict).join());
  return table;
};
const shownOf = (verdict: Verdict): Uint32Array =>
  verdict.ok ? (verdict.shown ?? new Uint32Array(0)) : new Uint32Array(0);
const refused = ({ findings }: Verdict): string[] =>
  findings.filter(({ result }) => result === "refused").map(({ rule }) => rule);
const joined = (...parts: Uint32Array[]): Uint32Array => Uint32Array.from(parts.flatMap((part) => [...part]));

/** Rows behind every number that a table shows, as one text for each person. */
function behind(rows: readonly PlainRow[], verdict: Verdict): Map<number, string>[] {
  if (!verdict.ok) return [];
  const { cells, dimensions } = tableOf(verdict);
  const listed = new Set(cells.map(({ at }) => at.join()));
  const inTable = rows.filter(({ at }) => listed.has(at.join()));
  const of = (some: readonly PlainRow[]): Map<number, string> => {
    const texts = new Map<number, string[]>();
    for (const { who, value } of some) texts.set(who, [...(texts.get(who) ?? []), String(value)]);
    return new Map([...texts].map(([who, values]) => [who, values.sort().join()]));
  };
  const levels = dimensions.flatMap(({ levels: names }, i) =>
    names.map((_, level) => inTable.filter(({ at }) => at[i] === level)),
  );
  const single = [...listed].map((key) => inTable.filter(({ at }) => at.join() === key));
  return [...single, ...levels, inTable].filter(({ length }) => length > 0).map(of);
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

const persons = (from: number, count: number, at: readonly number[], value = (who: number) => who % 17): PlainRow[] =>
  Array.from({ length: count }, (_, i) => ({ who: from + i, at, value: value(from + i) }));

const first = [
  ...persons(0, 70, [0, 0]),
  ...persons(100, 80, [0, 1]),
  ...persons(200, 90, [1, 0]),
  ...persons(300, 40, [1, 1]),
];
const spec = specOf(2, 2);

test("the same rows again show the same, and nothing is taken out", () => {
  const one = judge(first, spec);
  const again = judge(first.toReversed(), spec, shownOf(one));
  expect(tableOf(again)).toEqual(tableOf(one));
  // Four cells, four totals of levels, and the total.
  expect(shownOf(one)).toHaveLength(9 * SET_WORDS);
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

test("table-differencing: of the same persons, one whose value or number of rows changed is not shown", () => {
  const before = shownOf(judge(first, spec));
  const cellsOf = (rows: PlainRow[]): string[] => tableOf(judge(rows, spec, before)).cells.map(({ at }) => at.join());
  expect(cellsOf(first.map((row) => (row.who === 310 ? { ...row, value: 900 } : row)))).toEqual(["0,0", "0,1", "1,0"]);
  expect(cellsOf([...first, ...persons(310, 1, [1, 1])])).toEqual(["0,0", "0,1", "1,0"]);
  // Everybody's changed: that is another table.
  expect(cellsOf(first.map((row) => ({ ...row, value: row.value + 1 })))).toHaveLength(4);
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
  const before = shownOf(judge(flat, specOf(2)));
  const table = tableOf(judge(rows, specOf(2, 2), before));
  // The total of the level would be one person apart: its smallest cell went.
  expect(table.cells.map(({ at }) => at.join())).toEqual(["0,1", "1,0", "1,1"]);
});

test("no two numbers of two or three tables are a few persons apart: every pair was compared", () => {
  const population = fc.record({
    sizes: fc.array(fc.integer({ min: 20, max: 45 }), { minLength: 4, maxLength: 4 }),
    gone: fc.array(fc.nat(170), { maxLength: 3 }),
    moved: fc.array(fc.nat(170), { maxLength: 2 }),
    changed: fc.array(fc.nat(170), { maxLength: 3 }),
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
      const seen: Map<number, string>[][] = [];
      for (const { gone, moved, changed, flat, halved } of [
        { ...base, gone: [], moved: [], changed: [], halved: [] },
        ...later,
      ]) {
        const rows = source
          .filter(({ who }, i) => !gone.includes(i) && !(halved.includes(Math.floor(who / 45)) && who % 2 === 0))
          .map((row, i) => ({
            who: row.who,
            at: (moved.includes(i) ? [1, 1] : row.at).slice(0, flat ? 1 : 2),
            value: row.value + (changed.includes(i) ? 100 : 0),
          }));
        const verdict = judge(rows, flat ? specOf(2) : spec, shown);
        if (!verdict.ok) {
          refusals++;
          continue;
        }
        if (seen.length > 0) served++;
        const own = behind(rows, verdict);
        for (const earlier of seen.flat()) {
          for (const set of own) {
            const { persons: others, contents } = apart(set, earlier);
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
