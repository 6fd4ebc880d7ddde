/** Three numbers of tables of one source taken together, and a table beside margins that were shown before it: no few persons
 *  remain. The oracle counts rows of each person as they are, and tries every three numbers.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { NearSums } from "../src/guard/near-sums.ts";
import { SET_WORDS } from "../src/index.ts";
import { separateSets, shownGroups } from "../src/guard/shown-sets.ts";
import { joined, judge, persons, refused, shownOf, specOf, tableOf, type PlainRow } from "./differencing-fixture.ts";

/** Rows of each person behind a number. */
type Rows = ReadonlyMap<number, number>;

/** Every number that `rows`, grouped, show: each listed cell, and sums of those along any dimensions. */
function numbersOf(rows: readonly PlainRow[], verdict: ReturnType<typeof judge>): Rows[] {
  if (!verdict.ok) return [];
  const listed = tableOf(verdict).cells.map(({ at }) => at);
  const dimensions = listed[0]?.length ?? 0;
  const keptOf = (at: readonly number[], kept: number): string => at.map((l, i) => ((kept >> i) & 1 ? l : "*")).join();
  const numbers: Rows[] = [];
  for (let kept = 0; kept < 2 ** dimensions; kept++) {
    for (const key of new Set(listed.map((at) => keptOf(at, kept)))) {
      const own = rows.filter(({ at }) => keptOf(at, kept) === key && listed.some((cell) => cell.join() === at.join()));
      const counts = new Map<number, number>();
      for (const { who } of own) counts.set(who, (counts.get(who) ?? 0) + 1);
      numbers.push(counts);
    }
  }
  return numbers;
}

/** Persons who remain of `a + sign * b - c`. */
function remaining(a: Rows, b: Rows, sign: 1 | -1, c: Rows): number {
  const everybody = new Set([...a.keys(), ...b.keys(), ...c.keys()]);
  return [...everybody].filter((who) => (a.get(who) ?? 0) + sign * (b.get(who) ?? 0) !== (c.get(who) ?? 0)).length;
}

/** One to nine persons that remain of three numbers, one of them of `own` and another earlier; null when there are none. */
function isolated(own: readonly Rows[], earlier: readonly Rows[]): number | null {
  for (const a of own) {
    for (const b of [...own, ...earlier]) {
      for (const c of earlier) {
        if (b === a || b === c) continue;
        for (const few of [remaining(a, b, 1, c), remaining(a, b, -1, c)]) if (few > 0 && few < 10) return few;
      }
    }
  }
  return null;
}

const cellsOf = (verdict: ReturnType<typeof judge>): string[] => tableOf(verdict).cells.map(({ at }) => at.join());

test("table-differencing: a cell too small to be listed is not what an earlier total lacks when others are taken away", () => {
  // By region, of which the first two are one: the third cell of it, of six, is not listed.
  const rows = [...persons(0, 40, [0]), ...persons(100, 30, [1]), ...persons(200, 6, [2]), ...persons(300, 200, [3])];
  const coarse = rows.map((row) => ({ ...row, at: [(row.at[0] ?? 0) < 3 ? 0 : 1] }));
  const fine = specOf([4], []);
  expect(cellsOf(judge(rows, fine))).toEqual(["0", "1", "3"]);
  // 40 + 30 beside 76: the smaller of the two goes, and then the other one alone is thirty-six away.
  expect(cellsOf(judge(rows, fine, shownOf(judge(coarse, specOf([2], [])))))).toEqual(["0", "3"]);
  // The other way round, the total goes, and with it too much.
  expect(refused(judge(coarse, specOf([2], []), shownOf(judge(rows, fine))))).toEqual(["table-differencing"]);
});

test("table-differencing: a total is not shown when two earlier cells make up all of it but a few, and no earlier total tells", () => {
  const inside = [...persons(0, 40, [0]), ...persons(100, 30, [1]), ...persons(200, 6, [])];
  const before = shownOf(judge([...inside, ...persons(300, 50, [2])], specOf([3], [])));
  const coarse = [...inside.map((row) => ({ ...row, at: [0] })), ...persons(400, 400, [1])];
  expect(cellsOf(judge(coarse, specOf([2], [])))).toEqual(["0", "1"]);
  expect(cellsOf(judge(coarse, specOf([2], []), before))).toEqual(["1"]);
});

test("table-differencing: a margin along one of three dimensions is held against an earlier table of the other two", () => {
  const sizes = [30, 25, 5, 40, 35, 45, 50, 55];
  const rows = sizes.flatMap((size, i) => persons(i * 100, size, [i >> 2, (i >> 1) & 1, i & 1]));
  const flat = rows.map((row) => ({ ...row, at: row.at.slice(0, 2) }));
  const [before, spec] = [shownOf(judge(flat, specOf([2, 2], []))), specOf([2, 2, 2], [])];
  expect(cellsOf(judge(rows, spec))).toHaveLength(7);
  // Of the group 0,1 there are 45: the 40 that would be listed tell of the five.
  expect(cellsOf(judge(rows, spec, before))).toEqual(["0,0,0", "0,0,1", "1,0,0", "1,0,1", "1,1,0", "1,1,1"]);
  expect(refused(judge(flat, specOf([2, 2], []), shownOf(judge(rows, spec))))).toEqual([]);
});

test("groups of numbers: each cell, margins of several cells once, and all", () => {
  const at = [0, 1].flatMap((a) => [0, 1].flatMap((b) => [0, 1].map((c) => ({ at: [a, b, c] }))));
  const groups = shownGroups(at);
  // 8 cells, 3 times 4 margins of two, 3 times 2 of four, and all.
  const sizes = Map.groupBy(groups, ({ length }) => length);
  expect([...sizes].map(([size, own]) => [size, own.length])).toEqual([
    [1, 8],
    [4, 6],
    [2, 12],
    [8, 1],
  ]);
  expect(shownGroups(at.slice(0, 2))).toEqual([[0], [1], [0, 1]]);
});

test("no three numbers of two or three tables leave a few persons: every three were tried", () => {
  const population = fc.record({
    sizes: fc.array(fc.integer({ min: 4, max: 36 }), { minLength: 6, maxLength: 6 }),
    gone: fc.array(fc.nat(150), { maxLength: 2 }),
    /** Which cells a table takes together: a group for each of six. */
    groups: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }),
    twice: fc.boolean(),
  });
  let [served, fewer] = [0, 0];
  fc.assert(
    fc.property(fc.array(population, { minLength: 2, maxLength: 3 }), (tables) => {
      const sizes = tables[0]?.sizes ?? [];
      const source = sizes.flatMap((size, cell) => persons(cell * 50, size, [cell]));
      let shown: Uint32Array = new Uint32Array(0);
      const seen: Rows[] = [];
      for (const { gone, groups, twice } of tables) {
        const all = twice ? [...source, ...source.filter(({ who }) => who % 9 === 0)] : source;
        const rows = all
          .filter((_, i) => !gone.includes(i))
          .map((row) => ({ ...row, at: [groups[row.at[0] ?? 0] ?? 0] }));
        const spec = specOf([4], []);
        const verdict = judge(rows, spec, shown);
        const own = numbersOf(rows, verdict);
        if (verdict.ok && seen.length > 0) served++;
        const free = judge(rows, spec);
        if (free.ok && (!verdict.ok || cellsOf(verdict).length < cellsOf(free).length)) fewer++;
        expect(isolated(own, seen)).toBeNull();
        seen.push(...own);
        shown = joined(shown, shownOf(verdict));
      }
    }),
    { numRuns: 120 },
  );
  expect(served).toBeGreaterThan(20);
  expect(fewer).toBeGreaterThan(20);
});

test("a number of the same rows as an earlier one leaves nothing, and is no reason to hide a small one", () => {
  for (let first = 0; first < 60; first++) {
    const rows = [...persons(first, 10, [0]), ...persons(first + 1_000, 200, [1])];
    const before = shownOf(judge(rows, specOf([2], [])));
    expect(cellsOf(judge(rows, specOf([2], []), before)), `${first}`).toEqual(["0", "1"]);
  }
});

test("ten persons of their own are shown beside any numbers of others", () => {
  for (let first = 0; first < 60; first++) {
    const others = shownOf(judge([...persons(1_000, 200, [0]), ...persons(2_000, 100, [1])], specOf([2], [])));
    const verdict = judge(persons(first, 10, [0]), specOf([1], []), joined(others, others));
    expect(cellsOf(verdict), `${first}`).toEqual(["0"]);
  }
});

test("a limit: beside too many earlier numbers sums are not tried", () => {
  const rows = [...persons(0, 40, [0]), ...persons(100, 30, [1])];
  const sets = separateSets(shownOf(judge(rows, specOf([2], []))));
  const total = separateSets(
    shownOf(
      judge(
        [...rows, ...persons(500, 5, [1])].map((row) => ({ ...row, at: [0] })),
        specOf([1], []),
      ),
    ),
  );
  const none = new Uint32Array(SET_WORDS);
  const others = Array.from({ length: 2 ** 17 }, () => none);
  expect(new NearSums(total).near(sets.slice(0, 2))).toEqual([0, 1]);
  expect(new NearSums([...total, ...others.slice(0, 1_000)]).near(sets.slice(0, 2))).toEqual([0, 1]);
  expect(new NearSums([...total, ...others]).near(sets.slice(0, 2))).toBeNull();
});
