/** @module */
import { JobManifest, NoisyTableSpec, type ColumnBatch } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { noisyTable } from "../src/guard/noisy-table.ts";
import { RandomWords } from "../src/privacy/random-words.ts";
import { seededRandom } from "./seeded-random.ts";

const SPEC: NoisyTableSpec = {
  kind: "noisy-table",
  dimensions: [
    { name: "sex", field: "sex", levels: ["f", "m"], values: { female: 0, woman: 0, male: 1 } },
    { name: "age", field: "age", levels: ["young", "middle", "old"], breaks: [30, 60] },
  ],
  measures: [
    { name: "income", field: "income", min: -10, max: 50.5, digits: 2 },
    { name: "visits", field: "visits", min: 0, max: 3, digits: 0 },
  ],
  contribution: { rows: 2, groups: 1 },
  // So little noise that the truth shows: what a test looks at is everything else.
  loss: { mechanism: "laplace", epsilon: "100" },
};

type Person = { sex: string | null; age: number | null; income: number; visits: number; subject: number };

function batchOf(rows: readonly Person[]): ColumnBatch {
  const dictionary = ["female", "woman", "male", "other"];
  const validity = (present: (row: Person) => boolean): Uint8Array => {
    const bits = new Uint8Array(Math.ceil(rows.length / 8));
    for (const [i, row] of rows.entries()) if (present(row)) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
    return bits;
  };
  return {
    rowCount: rows.length,
    columns: {
      sex: {
        type: "dict",
        dictionary,
        values: Uint32Array.from(rows, ({ sex }) => (sex === null ? 0 : dictionary.indexOf(sex))),
        validity: validity(({ sex }) => sex !== null),
      },
      age: {
        type: "f64",
        values: Float64Array.from(rows, ({ age }) => age ?? 0),
        validity: validity(({ age }) => age !== null),
      },
      income: { type: "f64", values: Float64Array.from(rows, ({ income }) => income) },
      visits: { type: "i32", values: Int32Array.from(rows, ({ visits }) => visits) },
    },
  };
}

const make = (rows: readonly Person[], spec = SPEC, seed = 61) =>
  noisyTable(
    batchOf(rows),
    Uint32Array.from(rows, ({ subject }) => subject),
    spec,
    new RandomWords(seededRandom(seed)),
  );

const person = fc.record({
  sex: fc.constantFrom("female", "woman", "male", "other", null),
  age: fc.constantFrom(null, 0, 29.9, 30, 59, 60, 99),
  income: fc.constantFrom(-1e300, -10, -3.333, 0, 0.005, 12.345, 50.5, 1e9, Infinity, -Infinity, Number.NaN),
  visits: fc.integer({ min: -5, max: 9 }),
});

test("cells are those of a plain group-by over clamped and rounded numbers, in units of the last digit", () => {
  const loose = { ...SPEC, contribution: { rows: 1, groups: 1 } };
  fc.assert(
    fc.property(fc.array(person, { maxLength: 60 }), (people) => {
      // One row to each person: nothing is over the bound.
      const rows = people.map((row, subject) => ({ ...row, subject }));
      const { cells } = make(rows, loose);
      for (const { at, rows: count, sums } of cells) {
        const inside = rows.filter(({ sex, age }) => {
          const level = sex === "female" || sex === "woman" ? 0 : sex === "male" ? 1 : null;
          const band = age === null ? null : age < 30 ? 0 : age < 60 ? 1 : 2;
          return level === at[0] && band === at[1];
        });
        // ε = 100/3 a part: noise at scale 0.03 is nought but once in 10^14 draws.
        expect(count).toBe(inside.length);
        const visits = inside.reduce((sum, row) => sum + Math.min(Math.max(row.visits, 0), 3), 0);
        expect(Math.abs(Number(sums["visits"]) - visits)).toBeLessThanOrEqual(3);
        const cents = inside.reduce(
          (sum, { income }) =>
            sum + (Number.isNaN(income) ? 0 : Math.round(Math.min(Math.max(income, -10), 50.5) * 100)),
          0,
        );
        // Scale 5050 · 3 / 100 cents.
        expect(Math.abs(Number(sums["income"]) * 100 - cents)).toBeLessThan(40 * 152);
      }
    }),
    { numRuns: 50 },
  );
});

test("every declared cell is shown, in order, of an empty table, too", () => {
  const table = make([]);
  expect(table.cells.map(({ at }) => at)).toEqual([0, 1].flatMap((sex) => [0, 1, 2].map((age) => [sex, age])));
  expect(table).toMatchObject({ ...SPEC, cost: "5000000000" });
  const quiet = make([], { ...SPEC, loss: { mechanism: "gaussian", rho: "0.01" } });
  expect(quiet.cells.some(({ rows }) => rows < 0)).toBe(true);
  expect(quiet.cells.some(({ rows }) => rows > 0)).toBe(true);
});

test("a person with many rows counts for no more than the bound", () => {
  const many = Array.from({ length: 500 }, (_, i) => ({
    sex: "male",
    age: i % 99,
    income: 1e9,
    visits: 9,
    subject: 0,
  }));
  const { cells } = make(many);
  const counted = cells.filter(({ rows }) => rows > 0);
  expect(counted).toHaveLength(1);
  expect(counted[0]?.rows).toBe(2);
  expect(Number(counted[0]?.sums["visits"])).toBeLessThanOrEqual(6 + 9);
});

test("sums of any size are exact decimals", () => {
  const spec: NoisyTableSpec = {
    ...SPEC,
    measures: [{ name: "income", field: "income", min: -1e9, max: 1e9, digits: 6 }],
    contribution: { rows: 1, groups: 1 },
    loss: { mechanism: "gaussian", rho: "100" },
  };
  const rows = Array.from({ length: 3_000 }, (_, subject) => ({
    sex: "male",
    age: 1,
    income: -1e9,
    visits: 0,
    subject,
  }));
  const [, , , cell] = make(rows, spec).cells;
  expect(cell?.sums["income"]).toMatch(/^-[0-9]{13}\.[0-9]{6}$/);
  // Deviation 1e9 · √(1 / 100): within ten of it.
  expect(Math.abs(Number(cell?.sums["income"]) + 3e12)).toBeLessThan(1e9);
});

test("a part of the table has its share of the parameter, and noise of its own", () => {
  const table = make([], { ...SPEC, loss: { mechanism: "gaussian", rho: "0.03" } });
  // Three parts of ρ = 0.01: σ² = 4 / 0.02 for two rows in one group.
  expect(table.standardErrors.rows).toBeCloseTo(Math.sqrt(200), 9);
  expect(table.standardErrors.sums["visits"]).toBeCloseTo(3 * Math.sqrt(200), 9);
  expect(table.standardErrors.sums["income"]).toBeCloseTo(50.5 * Math.sqrt(200), 9);
  const noises = table.cells.map(({ rows }) => rows);
  expect(new Set(noises).size).toBeGreaterThan(3);
});

test("a table of columns that are not there, or of another type, is refused", () => {
  const batch = batchOf([]);
  const words = new RandomWords(seededRandom(62));
  for (const dimension of [
    { name: "x", field: "absent", levels: ["a", "b"], breaks: [1] },
    { name: "x", field: "sex", levels: ["a", "b"], breaks: [1] },
    { name: "x", field: "age", levels: ["a", "b"], values: { a: 0, b: 1 } },
    { name: "x", field: "toString", levels: ["a", "b"], values: { a: 0, b: 1 } },
  ]) {
    const spec = { ...SPEC, dimensions: [dimension] };
    expect(() => noisyTable(batch, new Uint32Array(0), spec, words)).toThrow(
      expect.objectContaining({ code: "ERR_JOB_MANIFEST" }),
    );
  }
});

test("tables of neighbours, with and without a person of many rows, are as close as ε says, and not much closer", () => {
  const DRAWS = 12_000;
  const spec: NoisyTableSpec = {
    ...SPEC,
    dimensions: [{ name: "sex", field: "sex", levels: ["f", "m"], values: { female: 0, male: 1 } }],
    measures: [{ name: "visits", field: "visits", min: -2, max: 1, digits: 0 }],
    contribution: { rows: 2, groups: 1 },
    loss: { mechanism: "laplace", epsilon: "2" },
  };
  const others = [0, 1, 2].map((subject) => ({ sex: "female", age: 1, income: 0, visits: 1, subject }));
  const added = [0, 1, 2, 3].map(() => ({ sex: "female", age: 1, income: 0, visits: -9, subject: 3 }));
  const words = new RandomWords(seededRandom(63));
  const histogram = (rows: readonly Person[], of: "rows" | "visits"): Map<number, number> => {
    const batch = batchOf(rows);
    const subjects = Uint32Array.from(rows, ({ subject }) => subject);
    const counts = new Map<number, number>();
    for (let i = 0; i < DRAWS; i++) {
      const [cell] = noisyTable(batch, subjects, spec, words).cells;
      const shown = of === "rows" ? (cell?.rows ?? 0) : Number(cell?.sums["visits"]);
      counts.set(shown, (counts.get(shown) ?? 0) + 1);
    }
    return counts;
  };
  for (const of of ["rows", "visits"] as const) {
    const [one, other] = [histogram(others, of), histogram([...others, ...added], of)];
    // The largest excess of one answer over e^ε times its neighbour's, in standard errors.
    const excess = (epsilon: number): number =>
      Math.max(
        ...[...one].map(([shown, count]) => {
          const [p, q] = [count / DRAWS, Math.max(other.get(shown) ?? 0, 1) / DRAWS];
          return (p - Math.exp(epsilon) * q) / Math.sqrt((p + Math.exp(2 * epsilon) * q) / DRAWS);
        }),
      );
    // Half of the parameter for each part.
    expect(excess(1)).toBeLessThan(5.5);
    expect(excess(0.6)).toBeGreaterThan(5.5);
  }
});

const [TEXTS, NUMBERS] = SPEC.dimensions;
const [INCOME] = SPEC.measures;

test.each([
  ["no ε", { loss: { mechanism: "laplace" } }],
  ["ε is NaN", { loss: { mechanism: "laplace", epsilon: "NaN" } }],
  ["ε is a number", { loss: { mechanism: "laplace", epsilon: 0.5 } }],
  ["ρ is infinite", { loss: { mechanism: "gaussian", rho: "Infinity" } }],
  ["ρ is negative", { loss: { mechanism: "gaussian", rho: "-1" } }],
  ["an unknown mechanism", { loss: { mechanism: "none" } }],
  ["no bound on groups", { contribution: { rows: 1 } }],
  ["a bound of 0 rows", { contribution: { rows: 0, groups: 1 } }],
  ["no contribution bound", { contribution: undefined }],
  ["no clamp", { measures: [{ name: "income", field: "income", digits: 0 }] }],
  ["an infinite clamp", { measures: [{ ...INCOME, max: Infinity }] }],
  ["a clamp upside down", { measures: [{ ...INCOME, min: 60 }] }],
  ["a text in no level", { dimensions: [{ ...TEXTS, values: { female: 0, male: 2 } }] }],
  ["a level without a text", { dimensions: [{ ...TEXTS, values: { female: 0 } }] }],
  ["breaks that descend", { dimensions: [{ ...NUMBERS, breaks: [60, 30] }] }],
  ["too few breaks", { dimensions: [{ ...NUMBERS, breaks: [60] }] }],
  ["texts and breaks", { dimensions: [{ ...NUMBERS, values: { a: 0, b: 1, c: 2 } }] }],
  ["two dimensions of one name", { dimensions: [TEXTS, TEXTS] }],
])("a declaration is refused: %s", (_, change) => {
  expect(NoisyTableSpec.safeParse(SPEC).success).toBe(true);
  expect(NoisyTableSpec.safeParse({ ...SPEC, ...change }).success).toBe(false);
});

test("a manifest is refused whose noisy table reads what is no input, or of a type that cannot be grouped or summed", () => {
  const manifest = (input: object) =>
    JobManifest.safeParse({ name: "a", purpose: "b", input, outputs: { table: SPEC } }).success;
  const whole = { sex: "dict", age: "i32", income: "f64", visits: "i32" };
  expect(manifest(whole)).toBe(true);
  expect(manifest({ ...whole, sex: "bool" })).toBe(true);
  expect(manifest({ ...whole, sex: "f64" })).toBe(false);
  expect(manifest({ ...whole, age: "dict" })).toBe(false);
  expect(manifest({ ...whole, income: "bool" })).toBe(false);
  const { visits: _visits, ...lacking } = whole;
  expect(manifest(lacking)).toBe(false);
});
