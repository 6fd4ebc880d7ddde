/** The safe profile, held against plain counting of persons in the same rows.
 *  @module */
import { REST_BIN, ResourceProfile, type ColumnProfile, type ResourceField } from "@sluice/protocol";
import type { DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { profileTable, type ProfileOptions } from "../src/index.ts";
import { shownCells, type PairCell } from "../src/profile/pair-cells.ts";
import { query, withEngine, type Cell } from "./engine.ts";
import { describe, field } from "./fixtures.ts";
import { plainBin, shownPersons } from "./profile-bins.ts";

const K = 20;
const ENGINE_TYPES = { text: "VARCHAR", integer: "BIGINT", decimal: "DOUBLE", boolean: "BOOLEAN", date: "VARCHAR" };
type Row = readonly Cell[];

/** Profiles `rows`, whose columns are `fields`. */
async function profileOf(
  connection: DuckDBConnection,
  fields: readonly ResourceField[],
  rows: readonly Row[],
  options: ProfileOptions = {},
): Promise<ResourceProfile> {
  const columns = fields.map(({ name, type }) => `"${name}" ${ENGINE_TYPES[type]}`).join(", ");
  await connection.run(`CREATE OR REPLACE TABLE stored ("row number" BIGINT, ${columns})`);
  const appender = await connection.createAppender("stored");
  for (const [i, row] of rows.entries()) {
    appender.appendBigInt(BigInt(i));
    for (const [j, value] of row.entries()) {
      if (value === null) appender.appendNull();
      else if (typeof value === "string") appender.appendVarchar(value);
      else if (typeof value === "boolean") appender.appendBoolean(value);
      else if (fields[j]?.type === "integer") appender.appendBigInt(BigInt(value));
      else appender.appendDouble(Number(value));
    }
    appender.endRow();
  }
  appender.closeSync();
  const cast = fields.map(({ name, type }) => (type === "date" ? `CAST("${name}" AS DATE) AS "${name}"` : `"${name}"`));
  await connection.run(`CREATE OR REPLACE VIEW people AS SELECT "row number", ${cast.join(", ")} FROM stored`);
  const run = (sql: string): Promise<Cell[][]> => query(connection, sql);
  return profileTable(run, describe(...fields), { table: "people", rowId: "row number" }, options);
}

/** Persons with a row for which `holds`. */
function personsWith(rows: readonly Row[], holds: (row: Row) => boolean): number {
  return new Set(rows.filter((row) => row[0] !== null && holds(row)).map(([person]) => person)).size;
}

function columnOf(profile: ResourceProfile, name: string): ColumnProfile {
  const found = profile.columns.find((column) => column.field === name);
  if (found === undefined) throw new Error(`no column ${name}`);
  return found;
}

const FIELDS = [
  field("person", "text", "direct"),
  field("word", "text"),
  field("flag", "boolean"),
  field("amount", "decimal", "sensitive"),
  field("count", "integer"),
  field("born", "date", "quasi"),
];
const WORDS = ["usual", "often", "<b>rare</b>", "o'\"rare\\", "rare-😀", "rare".repeat(30), "rare\u202e", "rare\u0007"];
const day = fc.integer({ min: 0, max: 30_000 }).map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10));
const row = fc.tuple(
  fc.oneof({ weight: 30, arbitrary: fc.integer({ min: 0, max: 150 }).map((n) => `p${n}`) }, fc.constant(null)),
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...WORDS.slice(0, 2)) }, fc.constantFrom(...WORDS, null)),
  fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constantFrom(false, null)),
  fc.oneof(fc.constant(0), fc.double({ min: -1e4, max: 1e6, noNaN: true }), fc.constant(null)),
  fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: -500, max: 500 })),
  fc.oneof({ weight: 9, arbitrary: day }, fc.constant(null)),
);

test("nothing that fewer than k persons have is in a profile, however many rows they have", async () => {
  await withEngine(async (connection) => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 200, maxLength: 400 }), async (rows) => {
        const profile = await profileOf(connection, FIELDS, rows, { subject: "person", pairs: true });
        const text = JSON.stringify(profile);
        for (const word of WORDS) {
          if (personsWith(rows, (row) => row[1] === word) < K)
            expect(text).not.toContain(JSON.stringify(word).slice(1, -1));
        }
        for (const column of profile.columns) checkColumn(column, rows);
        for (const pair of profile.pairs ?? []) {
          for (const [x, y] of pair.cells) {
            const holds = (row: Row): boolean =>
              inBin(columnOf(profile, pair.x), row, x) && inBin(columnOf(profile, pair.y), row, y);
            expect(personsWith(rows, holds)).toBeGreaterThanOrEqual(K);
          }
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});

/** Every figure stands for at least K persons who have a row that fits. */
function checkColumn(column: ColumnProfile, rows: readonly Row[]): void {
  if (column.kind === "shape") {
    expect(column.field).toBe("person");
    return;
  }
  const bins = shownPersons(column).length;
  expect(bins).toBeGreaterThan(0);
  for (let bin = 0; bin < bins; bin++) {
    expect(
      personsWith(rows, (row) => inBin(column, row, bin)),
      `${column.field} ${bin}`,
    ).toBeGreaterThanOrEqual(K);
  }
  for (const rest of column.kind === "values" ? [column.other, column.missing] : [column.missing]) {
    if (rest !== undefined) expect(personsWith(rows, (row) => inBin(column, row, REST_BIN))).toBeGreaterThanOrEqual(K);
  }
}

/** Whether the row is in bin `bin` of the column, as the profile's schema says it. */
function inBin(column: ColumnProfile, row: Row, bin: number): boolean {
  const value = row[FIELDS.findIndex(({ name }) => name === column.field)] ?? null;
  return plainBin(column, value) === bin;
}

test("of a table with one row for each person, every figure is the exact one to a rounding, the largest to a rest", async () => {
  await withEngine(async (connection) => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 100, maxLength: 300 }), async (drawn) => {
        const rows = drawn.map((row, i): Row => [`p${i}`, ...row.slice(1)]);
        const profile = await profileOf(connection, FIELDS, rows);
        expect(profile.persons).toBe(Math.round(rows.length / 5) * 5);
        for (const column of profile.columns) {
          if (column.kind === "shape") continue;
          const shown = shownPersons(column);
          const exact = shown.map((_, bin) => personsWith(rows, (row) => inBin(column, row, bin)));
          const off = shown.map((persons, bin) => Math.abs(persons - (exact[bin] ?? 0))).filter((error) => error > 2);
          expect(off.length).toBeLessThanOrEqual(1);
          for (const persons of exact) expect(persons).toBeGreaterThanOrEqual(K);
          // Sums have no gap that a small group would fill.
          const rest = (column.kind === "values" ? (column.other ?? 0) : 0) + (column.missing ?? 0);
          const sum = shown.reduce((total, persons) => total + persons, rest);
          expect(Math.abs(sum - rows.length)).toBeLessThanOrEqual(2 * (shown.length + 2));
        }
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });
});

test("with one person more, figures move by a rounding step at most, unless a group of k appears or another is the largest", async () => {
  await withEngine(async (connection) => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 100, maxLength: 200 }), row, async (drawn, extra) => {
        const rows = [...drawn, extra].map((row, i): Row => [`p${i}`, ...row.slice(1)]);
        const before = await profileOf(connection, FIELDS, rows.slice(0, -1));
        const after = await profileOf(connection, FIELDS, rows);
        for (const name of ["word", "flag"]) {
          const [old, now] = [columnOf(before, name), columnOf(after, name)];
          if (old.kind !== "values" || now.kind !== "values") continue;
          // The largest figure holds what is too small to be shown.
          const groups = (one: typeof old): unknown[] => [
            one.values.length,
            one.other !== undefined,
            one.missing !== undefined,
          ];
          if (groups(old).join() === groups(now).join() && topOf(rows.slice(0, -1), name) === topOf(rows, name)) {
            for (const { value, persons } of now.values) {
              const known = old.values.find((listed) => listed.value === value)?.persons ?? 0;
              expect(Math.abs(persons - known)).toBeLessThanOrEqual(5);
            }
          } else {
            const news = now.values.filter(({ value }) => !old.values.some((listed) => listed.value === value));
            for (const { persons } of news) expect(persons).toBeLessThanOrEqual(K + 5);
          }
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });
});

/** The most frequent value of a column that may be listed. */
function topOf(rows: readonly Row[], name: string): string {
  const index = FIELDS.findIndex((one) => one.name === name);
  const count = (word: string): number => rows.filter((row) => String(row[index]) === word).length;
  return ["often", "usual", "false", "true"].toSorted((a, b) => count(b) - count(a))[0] ?? "";
}

test("identifiers, keys, graded data and free text show a type and a length; hidden values are in no other column", async () => {
  const fields = [
    field("person", "text", "direct"),
    { ...field("secret", "text"), grade: "core" as const },
    field("note", "text"),
    field("contact", "text"),
  ];
  const rows = Array.from({ length: 400 }, (_, i): Row => [
    `p${String(i).padStart(9, "0")}`,
    "the same",
    `note ${"x".repeat(i % 40)} ${i}`,
    i % 2 === 0 ? "13800138000" : "none",
  ]);
  await withEngine(async (connection) => {
    const profile = await profileOf(connection, fields, rows, { subject: "person" });
    expect(profile.columns).toEqual([
      { kind: "shape", field: "person", length: { from: 10, to: 10 } },
      { kind: "shape", field: "secret", length: { from: 8, to: 8 } },
      { kind: "shape", field: "note", length: { from: 10, to: 50 } },
      { kind: "shape", field: "contact", length: { from: 0, to: 15 } },
    ]);
  });
});

test("a frequent value that hides on a screen is not listed, and pairs still point at the right values", async () => {
  const words = ["a\u202eb", "plain", "<i>&\"'", "long".repeat(20)];
  const rows = Array.from({ length: 400 }, (_, i): Row => [`p${i}`, words[i % 4] ?? null, i % 4 === 1]);
  await withEngine(async (connection) => {
    const profile = await profileOf(connection, FIELDS.slice(0, 3), rows, { subject: "person", pairs: true });
    expect(columnOf(profile, "word")).toMatchObject({
      values: [
        { value: "<i>&\"'", persons: 100 },
        { value: "plain", persons: 100 },
      ],
      other: 200,
    });
    expect(columnOf(profile, "flag")).toMatchObject({ values: [{ value: "false" }, { value: "true" }] });
    expect(profile.pairs).toEqual([
      {
        x: "word",
        y: "flag",
        cells: [
          [REST_BIN, 0, 200],
          [0, 0, 100],
          [1, 1, 100],
        ],
      },
    ]);
  });
});

test("ends of ranges are those of the k-th person, on a round grid; a number that many have stands apart", async () => {
  const fields = [field("income", "decimal"), field("age", "integer")];
  const rows = Array.from({ length: 1_000 }, (_, i): Row => [
    i < 300 ? 0 : i === 999 ? 9_876_543.21 : 1_000 + i * 3.3,
    i === 0 ? 121 : 20 + (i % 50),
  ]);
  await withEngine(async (connection) => {
    const profile = await profileOf(connection, fields, rows);
    const [income, age] = profile.columns;
    if (income?.kind !== "numbers" || age?.kind !== "numbers") throw new Error("expected numbers");
    expect(income.common).toEqual([{ value: 0, persons: 300 }]);
    expect(income.step).toBe(50);
    expect(income.edges.at(-1)).toBe(4_250);
    expect(income.edges.every((edge) => edge % 50 === 0)).toBe(true);
    expect([age.edges[0], age.edges.at(-1), age.step]).toEqual([21, 70, 1]); // 19 are 20 years old
  });
});

test("a pair has no cell below k, and no row or column in which one hidden group could be taken as a difference", () => {
  const cell = fc.record({
    x: fc.integer({ min: -1, max: 4 }),
    y: fc.integer({ min: -1, max: 4 }),
    persons: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 400 })),
  });
  const cells = fc.uniqueArray(cell, { selector: ({ x, y }) => `${x} ${y}`, minLength: 1, maxLength: 36 });
  fc.assert(
    fc.property(cells, (cells: PairCell[]) => {
      const shown = shownCells(cells, K);
      const isShown = ({ x, y }: PairCell): boolean => shown.some(([a, b]) => a === x && b === y);
      for (const one of cells) if (isShown(one)) expect(one.persons).toBeGreaterThanOrEqual(K);
      for (const side of ["x", "y"] as const) {
        for (const line of Map.groupBy(cells, (one) => one[side]).values()) {
          const hidden = line.filter((one) => one.persons > 0 && !isShown(one));
          if (hidden.length === 0 || !line.some(isShown)) continue;
          expect(hidden.length).toBeGreaterThan(1);
          expect(hidden.reduce((sum, { persons }) => sum + persons, 0)).toBeGreaterThanOrEqual(K);
        }
      }
    }),
  );
});

test("equal rows give an equal profile; a table of fewer persons than k has none; a smaller k is refused", async () => {
  const rows = Array.from({ length: 90 }, (_, i): Row => [`p${i % 30}`, "usual", i % 3 === 0, i, i, "2001-02-03"]);
  await withEngine(async (connection) => {
    const options = { subject: "person", pairs: true };
    const profile = await profileOf(connection, FIELDS, rows, options);
    expect(profile.persons).toBe(30);
    expect(await profileOf(connection, FIELDS, rows, options)).toEqual(profile);
    await expect(profileOf(connection, FIELDS, rows.slice(0, 19), options)).rejects.toMatchObject({
      code: "ERR_SAMPLE_SIZE",
      details: { needed: K },
    });
    await expect(profileOf(connection, FIELDS, rows, { minimum: 5 })).rejects.toThrow(RangeError);
    await expect(profileOf(connection, FIELDS, rows, { subject: "nobody" })).rejects.toMatchObject({
      code: "ERR_POLICY_COLUMN",
    });
  });
});

test("the schema refuses what no profile says: small figures, edges that do not ascend, texts that hide", async () => {
  await withEngine(async (connection) => {
    const rows = Array.from({ length: 60 }, (_, i): Row => [`p${i}`, "usual", true, i, i, "2001-02-03"]);
    const profile = await profileOf(connection, FIELDS, rows);
    expect(ResourceProfile.safeParse(profile).success).toBe(true);
    const column = { kind: "values", field: "word", values: [{ value: "a", persons: 20 }], distinct: 10 };
    const numbers = { kind: "numbers", field: "n", step: 1, edges: [0, 0], persons: [20], common: [], distinct: 10 };
    const wrong = [
      { ...profile, minimum: 19 },
      { ...profile, columns: [] },
      { ...profile, extra: 1 },
      { ...profile, columns: [{ ...column, values: [{ value: "a\u202eb", persons: 20 }] }] },
      { ...profile, columns: [{ ...column, values: [{ value: "x".repeat(65), persons: 20 }] }] },
      { ...profile, columns: [{ ...column, values: [] }] },
      { ...profile, columns: [numbers] },
      { ...profile, columns: [{ ...numbers, edges: [0, 1, 2] }] },
      { ...profile, pairs: [{ x: "a", y: "b", cells: [[0, 32, 20]] }] },
    ];
    for (const document of wrong) expect(ResourceProfile.safeParse(document).success).toBe(false);
  });
});
