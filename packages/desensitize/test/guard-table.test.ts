import { NO_LEVEL, Table } from "@sluice/protocol";
import type { DomainFacts, JobManifest, TableRows, TableSpec, Verdict } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkOutput } from "../src/index.ts";
import { plainTable, type PlainRow } from "./plain-table.ts";

const spec: TableSpec = {
  kind: "table",
  dimensions: [
    { name: "age", levels: ["young", "old"] },
    { name: "region", levels: ["north", "east", "south"] },
  ],
  measures: ["base"],
};

function manifestOf(ages: TableSpec): JobManifest {
  const outputs = { fit: { kind: "metrics" as const, keys: ["rows"] }, ages };
  return { name: "ageing", purpose: "ageing", input: { age: "f64" }, outputs };
}

/** Columns of `rows`, as a job returns them. */
function columnsOf(rows: readonly PlainRow[]): TableRows {
  return {
    kind: "table-rows",
    dimensions: {
      age: Uint8Array.from(rows, ({ at }) => at[0] ?? NO_LEVEL),
      region: Uint8Array.from(rows, ({ at }) => at[1] ?? NO_LEVEL),
    },
    measures: { base: Float64Array.from(rows, ({ value }) => value) },
  };
}

function judge(ages: TableRows, facts: Partial<DomainFacts> & { rowCount: number }, declared = spec): Verdict {
  const output = { class: "served", values: { ages } } as const;
  return checkOutput(output, manifestOf(declared), { environment: "production", ...facts });
}

function verdictOf(rows: readonly PlainRow[]): Verdict {
  return judge(columnsOf(rows), {
    rowCount: rows.length,
    subjects: Uint32Array.from(rows, ({ subject }) => subject),
  });
}

function tableOf(verdict: Verdict): Table {
  const table = verdict.ok && verdict.output.class === "served" ? verdict.output.values["ages"] : undefined;
  if (table?.kind !== "table") throw new Error(`refused: ${refused(verdict).join(" ")}`);
  return table;
}

const refused = (verdict: Verdict): string[] =>
  verdict.findings.filter(({ result }) => result === "refused").map(({ rule }) => rule);

/** `count` rows of one cell, each of another person from `subject` on, with values that differ. */
function cell(at: readonly [number, number], count: number, subject = 0, value = (i: number) => 100 + i): PlainRow[] {
  return Array.from({ length: count }, (_, i) => ({ at: [...at], subject: subject + i, value: value(i) }));
}

/** Two full cells of 60 and 43 rows. */
const full = [...cell([0, 0], 60), ...cell([1, 2], 43, 60)];

test("a table leaves with rounded counts, means of three digits, and totals of what is listed", () => {
  const verdict = verdictOf(full);
  expect(tableOf(verdict)).toEqual({
    ...spec,
    cells: [
      { at: [0, 0], rows: 60, means: { base: 130 } },
      { at: [1, 2], rows: 45, means: { base: 121 } },
    ],
    totals: [
      [60, 45],
      [60, 0, 45],
    ],
    total: 105,
    minimum: 10,
    base: 5,
  });
  expect(Table.safeParse(tableOf(verdict)).success).toBe(true);
});

test("table-columns: refuses columns that are missing, undeclared or inherited", () => {
  const { dimensions, measures } = columnsOf(full);
  const { age = new Uint8Array(), region = new Uint8Array() } = dimensions;
  const wrong: Pick<TableRows, "dimensions" | "measures">[] = [
    { dimensions: { age }, measures },
    { dimensions: { age, sex: region }, measures },
    { dimensions: { age, region, sex: age }, measures },
    { dimensions, measures: {} },
    { dimensions, measures: { toString: new Float64Array(103) } },
  ];
  for (const columns of wrong) {
    expect(refused(judge({ kind: "table-rows", ...columns }, { rowCount: 103 }))).toEqual(["table-columns"]);
  }
  const inherited = { ...spec, measures: ["toString"] };
  expect(refused(judge({ kind: "table-rows", dimensions, measures }, { rowCount: 103 }, inherited))).toEqual([
    "table-columns",
  ]);
});

test("table-length: refuses columns of more or fewer entries than rows", () => {
  const whole = columnsOf(full);
  expect(refused(judge(whole, { rowCount: 102 }))).toEqual(["table-length"]);
  const short = { ...whole, measures: { base: new Float64Array(102) } };
  expect(refused(judge(short, { rowCount: 103 }))).toEqual(["table-length"]);
});

test("table-levels: refuses a code that is no level of its dimension", () => {
  for (const at of [
    [2, 0],
    [0, 3],
    [254, 0],
  ] as const) {
    expect(refused(verdictOf([...full, { at: [...at], subject: 0, value: 1 }]))).toEqual(["table-levels"]);
  }
});

test("table-finite: refuses an infinite measure, also of a row in no cell", () => {
  for (const value of [Infinity, -Infinity]) {
    expect(refused(verdictOf([...full, { at: [NO_LEVEL, 0], subject: 0, value }]))).toContain("table-finite");
  }
});

test("table-range: refuses a measure above 1e9", () => {
  expect(refused(verdictOf([...full, { at: [0, 0], subject: 1, value: -1.01e9 }]))).toEqual(["table-range"]);
});

test("table-cells: lists cells of 10 persons, and refuses when more than a fifth of the grouped rows lie elsewhere", () => {
  const listed = (rows: PlainRow[]) => tableOf(verdictOf(rows)).cells.map(({ at }) => at);
  expect(listed([...full, ...cell([0, 1], 9, 80)])).toEqual([
    [0, 0],
    [1, 2],
  ]);
  expect(listed([...full, ...cell([0, 1], 10, 80)])).toEqual([
    [0, 0],
    [0, 1],
    [1, 2],
  ]);
  // 15 of 75 rows are a fifth, and 16 of 76 are more.
  const small = [...cell([0, 1], 5), ...cell([0, 2], 5), ...cell([1, 0], 5)];
  expect(listed([...cell([0, 0], 60), ...small])).toEqual([[0, 0]]);
  expect(refused(verdictOf([...cell([0, 0], 60), ...small, ...cell([1, 1], 1)]))).toEqual(["table-cells"]);
  expect(refused(verdictOf(cell([0, 0], 9)))).toContain("table-cells");
});

test("a table without one listed cell is refused, whether its cells are empty or small", () => {
  const nowhere = cell([NO_LEVEL, 0], 20);
  const [empty, few] = [verdictOf(nowhere), verdictOf([...nowhere, ...cell([0, 0], 3)])];
  expect(empty).toEqual(few);
  expect(refused(empty)).toEqual(["table-cells"]);
  expect(refused(judge(columnsOf([]), { rowCount: 0 }))).toEqual(["rows-minimum", "table-cells"]);
});

test("one person with many rows counts once", () => {
  const many = Array.from({ length: 200 }, (_, i): PlainRow => ({ at: [0, 1], subject: i % 9, value: 100 + i }));
  const padded = [...many, ...cell([0, 0], 900)];
  expect(tableOf(verdictOf(padded)).cells.map(({ at }) => at)).toEqual([[0, 0]]);
  const tenth = [...padded, { at: [0, 1], subject: 9, value: 100 }];
  expect(tableOf(verdictOf(tenth)).cells).toMatchObject([{ at: [0, 0] }, { at: [0, 1], rows: 200 }]);
});

test("table-mean: leaves out a mean that one or two persons dominate, of few, of equal values, or of nothing", () => {
  const meanOf = (value: (i: number) => number, count = 40): number | undefined =>
    tableOf(verdictOf(cell([0, 0], count, 0, value))).cells[0]?.means["base"];
  expect(meanOf((i) => 100 + i)).toBe(120);
  // One has 50 % and the next 41 %.
  expect(meanOf((i) => (i === 0 ? 500 : i === 1 ? 410 : 90 / 38 + i / 1e6))).toBeUndefined();
  expect(meanOf((i) => (i === 0 ? -500 : i === 1 ? 410 : 90 / 38 + i / 1e6))).toBeUndefined();
  expect(meanOf((i) => (i === 0 ? 500 : i === 1 ? 300 : i % 2 === 0 ? 10 : 10 / 19))).toBe(25);
  // The rest beside two is 9.5 % of all, which is 10.6 % of the largest: the NK rule alone refuses.
  expect(meanOf((i) => (i === 0 ? 895 : i === 1 ? 10 : 95 / 38 + i / 1e6))).toBeUndefined();
  expect(meanOf((i) => (i < 9 ? 100 + i : Number.NaN))).toBeUndefined();
  expect(meanOf((i) => (i < 10 ? 100 + i : Number.NaN))).toBeUndefined();
  expect(meanOf((i) => (i < 11 ? 100 + i : Number.NaN))).toBe(105);
  expect(meanOf(() => Number.NaN)).toBeUndefined();
  for (const same of [0, 1, -3]) expect(meanOf(() => same)).toBeUndefined();
  expect(meanOf((i) => (i % 2 === 0 ? -5 : -6))).toBe(-5.5);
});

test("dominance looks at what a person has in all rows", () => {
  // Each of 39 rows of the first person is like all others; together they are most of the sum.
  const rows = cell([0, 0], 13, 0, (i) => 100 + i);
  const own = Array.from({ length: 387 }, (_, i): PlainRow => ({ at: [0, 0], subject: 0, value: 100 + (i % 13) }));
  expect(tableOf(verdictOf([...rows, ...own])).cells).toEqual([{ at: [0, 0], rows: 400, means: {} }]);
});

test("table-mean: leaves out the mean of a yes or no that fewer than 10 persons have or lack", () => {
  const meanOf = (yes: number, no: number, per = 1): number | undefined => {
    const rows = cell([0, 0], (yes + no) * per, 0, (i) => (i < yes * per ? 1 : 0));
    const own = rows.map((row, i) => ({ ...row, subject: Math.floor(i / per) }));
    return tableOf(verdictOf([...own, ...cell([1, 2], 60, 40)])).cells[0]?.means["base"];
  };
  expect(meanOf(10, 30)).toBe(0.25);
  expect(meanOf(30, 10)).toBe(0.75);
  expect(meanOf(9, 31)).toBeUndefined();
  expect(meanOf(31, 9)).toBeUndefined();
  expect(meanOf(9, 31, 3)).toBeUndefined();
});

test("table-mean: leaves out a mean when fewer than 10 persons have another value than most, however many values there are", () => {
  const meanOf = (value: (i: number) => number, per = 1): number | undefined => {
    const rows = cell([0, 0], 40 * per, 0, (i) => value(Math.floor(i / per)));
    const own = rows.map((row, i) => ({ ...row, subject: Math.floor(i / per) }));
    return tableOf(verdictOf([...own, ...cell([1, 2], 60, 40)])).cells[0]?.means["base"];
  };
  for (const per of [1, 3]) {
    // What one person has, of whom the others are known, beside one third value.
    for (const bit of [0, 1]) {
      expect(meanOf((i) => (i === 7 ? 1 + bit : i === 30 ? 1.5 : 1), per)).toBeUndefined();
      expect(meanOf((i) => (i === 7 ? bit : i === 30 ? 1e-9 : 0), per)).toBeUndefined();
    }
    expect(meanOf((i) => (i < 9 ? i + 1 : 100), per)).toBeUndefined();
    expect(meanOf((i) => (i >= 31 ? i + 1 : 100), per)).toBeUndefined();
    expect(meanOf((i) => (i < 10 ? i + 1 : 100), per)).toBe(76.4);
  }
  const three = (i: number): number => (i < 9 ? 1 : i < 20 ? 2 : 0);
  expect(meanOf(three)).toBe(0.775);
});

test("table-mean: leaves out a mean when one or two persons make up most of what is apart from the median", () => {
  const meanOf = (value: (i: number) => number): number | undefined =>
    tableOf(verdictOf(cell([0, 0], 40, 0, value))).cells[0]?.means["base"];
  // A large sum of all hides nobody, nor do small differences among the others.
  expect(meanOf((i) => (i === 7 ? 2_000 : 1_000 + i / 1e6))).toBeUndefined();
  expect(meanOf((i) => (i === 7 ? 0 : 1_000 + i / 1e6))).toBeUndefined();
  expect(meanOf((i) => (i === 7 ? 2_000 : 1_000 + i))).toBe(1_040);
});

test("nothing dominates a sum of nothing, and its mean is left out", () => {
  const rows = cell([0, 0], 40).map((row, i): PlainRow => ({ ...row, subject: i % 20, value: i < 20 ? 5 : -5 }));
  expect(tableOf(verdictOf(rows)).cells).toEqual([{ at: [0, 0], rows: 40, means: {} }]);
});

test("table-count: rounds always, and never says whether it changed a count", () => {
  const [exact, rounded] = [verdictOf(cell([0, 0], 60)), verdictOf(cell([0, 0], 61))];
  expect(exact.findings).toEqual(rounded.findings);
  expect(exact.findings).toContainEqual(expect.objectContaining({ rule: "table-count", result: "changed" }));
});

test("table-digits: three digits of a mean leave, and a tiny one becomes 0", () => {
  const meanOf = (scale: number) =>
    tableOf(verdictOf(cell([0, 0], 40, 0, (i) => (12_345 + i) * scale))).cells[0]?.means["base"];
  expect(meanOf(1)).toBe(12_400);
  expect(meanOf(-1e-4)).toBe(-1.24);
  expect(Object.is(meanOf(-1e-12), 0)).toBe(true);
});

const level = (levels: number) => fc.oneof({ weight: 8, arbitrary: fc.nat(levels - 1) }, fc.constant(NO_LEVEL));
const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -20, max: 200 }) },
  { weight: 2, arbitrary: fc.constant(Number.NaN) },
  fc.constantFrom(50_000, -50_000, 0),
);
/** Rows of up to 40 persons, in blocks, so that small and large cells both occur. */
const tables = fc
  .array(
    fc.record({
      at: fc.tuple(level(2), level(3)),
      count: fc.integer({ min: 1, max: 60 }),
      people: fc.integer({ min: 1, max: 40 }),
      values: fc.array(value, { minLength: 1, maxLength: 12 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((blocks) =>
    blocks.flatMap(({ at, count, people, values }) =>
      Array.from({ length: count }, (_, i) => ({
        at,
        subject: (i * 7) % people,
        value: values[i % values.length] ?? Number.NaN,
      })),
    ),
  )
  // Subjects are numbered below the number of rows.
  .filter((rows) => rows.length >= 40);

test("a table is what plain computation makes of the rows, or is refused when it refuses", () => {
  let passed = 0;
  fc.assert(
    fc.property(tables, (rows) => {
      const verdict = verdictOf(rows);
      const expected = plainTable(rows, spec);
      expect(verdict.ok).toBe(expected !== null);
      if (expected === null) return;
      passed++;
      const { cells, totals, total } = tableOf(verdict);
      expect({ cells, totals, total }).toEqual(expected);
    }),
    { numRuns: 400 },
  );
  expect(passed).toBeGreaterThan(100);
});

test("no listed cell is of fewer than 10 persons, and totals are sums of listed cells", () => {
  fc.assert(
    fc.property(tables, (rows) => {
      const verdict = verdictOf(rows);
      if (!verdict.ok) return;
      const { cells, totals, total } = tableOf(verdict);
      for (const { at } of cells) {
        const own = rows.filter((row) => row.at[0] === at[0] && row.at[1] === at[1]);
        expect(new Set(own.map(({ subject }) => subject)).size).toBeGreaterThanOrEqual(10);
      }
      for (const sums of totals) expect(sums.reduce((a, b) => a + b, 0)).toBe(total);
      expect(cells.reduce((sum, { rows }) => sum + rows, 0)).toBe(total);
    }),
    { numRuns: 200 },
  );
});

test("what is in cells that are not listed changes nothing of a table", () => {
  const filling = fc.array(fc.record({ subject: fc.nat(8), value }), { maxLength: 12 });
  fc.assert(
    fc.property(filling, filling, (one, other) => {
      const withSmall = (small: typeof one) =>
        verdictOf([...full, ...small.map((row): PlainRow => ({ at: [1, 0], ...row }))]);
      expect(withSmall(one)).toEqual(withSmall(other));
    }),
    { numRuns: 100 },
  );
});

test("one row more in a cell changes its count by a multiple of 5, or not at all", () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 200 }), (count) => {
      const rowsOf = (n: number) => tableOf(verdictOf(cell([0, 0], n))).cells[0]?.rows ?? 0;
      expect(Math.abs(rowsOf(count) - count)).toBeLessThan(3);
      expect([0, 5]).toContain(rowsOf(count + 1) - rowsOf(count));
    }),
    { numRuns: 60 },
  );
});

test("the largest table over a million rows holds every row", () => {
  const rowCount = 1_000_000;
  const levels = Array.from({ length: 64 }, (_, i) => `level ${i}`);
  const measures = ["a", "b"];
  const wide: TableSpec = {
    kind: "table",
    dimensions: [
      { name: "x", levels },
      { name: "y", levels },
    ],
    measures,
  };
  const codes = (step: number) => Uint8Array.from({ length: rowCount }, (_, row) => Math.floor(row / step) % 64);
  const numbers = Float64Array.from({ length: rowCount }, (_, row) => row % 1_000);
  const subjects = Uint32Array.from({ length: rowCount }, (_, row) => (row * 7) % 300_007);
  const rows: TableRows = {
    kind: "table-rows",
    dimensions: { x: codes(1), y: codes(64) },
    measures: { a: numbers, b: numbers },
  };
  const table = tableOf(judge(rows, { rowCount, subjects }, wide));
  expect(table.cells).toHaveLength(4_096);
  expect(Math.abs(table.total - rowCount)).toBeLessThan(2.5 * 4_096);
});
