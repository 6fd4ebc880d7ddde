import { existsSync } from "node:fs";
import { join } from "node:path";
import { ANY_VALUE, Hierarchy, topLevel } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { generalizeValue, hierarchySql, hierarchyType, outsideSql, type StoredValue } from "../src/index.ts";
import { ADULT_COLUMNS, adultTree, arxLines } from "./adult-hierarchies.ts";
import { loadColumn, query, withEngine, type Cell } from "./engine.ts";

const directory = process.env["SLUICE_DATA_DIR"] ?? "";
const present = existsSync(join(directory, "adult", "adult_arx_30162.csv"));
if (!present) process.stdout.write("skipped: tests on the Adult hierarchies need SLUICE_DATA_DIR\n");

const words = [
  "",
  "张",
  "a'b",
  'x"y',
  "*",
  "\\",
  "e\u0301",
  "toString",
  "constructor",
  "42",
  "007",
  ...Array.from("abcdefgh"),
];
const textValues = fc.oneof(
  fc.constantFrom(...words),
  fc.string({ unit: "binary", maxLength: 12 }).filter((text) => text.isWellFormed()),
);
const trees = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...words.filter((word) => word !== ANY_VALUE)), { minLength: 1 }),
    fc.integer({ min: 1, max: 5 }),
  )
  .map(([values, groups]) => {
    const levels = [
      Object.fromEntries(values.map((value, i) => [value, i % 7 === 6 ? ANY_VALUE : `g'${i % groups}`])),
      Object.fromEntries(Array.from({ length: groups }, (_, i) => [`g'${i}`, `h${i % 2}`])),
    ];
    return Hierarchy.parse({ kind: "tree", levels });
  });
const prefixes = fc
  .uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 })
  .map((lengths) => Hierarchy.parse({ kind: "prefix", lengths: lengths.toSorted((a, b) => b - a) }));
const numbers = fc.oneof(
  fc.double(),
  fc.double({ min: -100, max: 1_000 }),
  fc.integer({ min: -200, max: 200 }).map((n) => n / 10),
  fc.constantFrom(0, -0, 0.1, 0.3, 0.7, 2.3, Number.NaN, Infinity, -Infinity),
);
const intervals = fc
  .tuple(
    fc.constantFrom(0, -5, 0.1, -17.25, 1e6),
    fc.constantFrom(0.1, 1, 5, 0.7, 2 ** -10),
    fc.array(fc.integer({ min: 2, max: 4 }), { maxLength: 4 }),
    fc.integer({ min: 1, max: 90 }),
  )
  .map(([min, width, times, count]) => {
    const widths = [width];
    for (const factor of times) widths.push((widths.at(-1) ?? 1) * factor);
    return Hierarchy.parse({ kind: "intervals", min, max: min + width * count, widths });
  });
const dates = fc
  .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const calendars = fc
  .uniqueArray(fc.constantFrom("month", "quarter", "year", "decade"), { minLength: 1 })
  .map((units) => {
    const order = ["month", "quarter", "year", "decade"];
    return Hierarchy.parse({ kind: "date", units: units.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)) });
  });

const KINDS = [
  ["tree", "VARCHAR", trees, textValues],
  ["prefix", "VARCHAR", prefixes, textValues],
  ["intervals", "DOUBLE", intervals, numbers],
  ["date", "DATE", calendars, dates],
] as const;

test.each(KINDS)(
  "%s: the engine and TypeScript agree at every level, on every value",
  async (_, type, hierarchies, values) => {
    const column: StoredValue[] = [null, ...fc.sample<StoredValue>(values, { numRuns: 400, seed: 5 })];
    await withEngine(async (connection) => {
      await loadColumn(connection, "t", type, column);
      for (const hierarchy of fc.sample<Hierarchy>(hierarchies, { numRuns: 25, seed: 7 })) {
        await expectEqualLevels(connection, hierarchy, column);
      }
    });
  },
);

test("whole numbers beyond 2^53 fall into the interval of the nearest number", async () => {
  const hierarchy = Hierarchy.parse({ kind: "intervals", min: 0, max: 100, widths: [5, 10, 20] });
  const column = [null, 0n, 4n, 5n, 19n, 99n, 100n, 101n, -1n, 2n ** 63n - 1n, -(2n ** 63n)];
  await withEngine(async (connection) => {
    await loadColumn(connection, "t", "BIGINT", column);
    await expectEqualLevels(connection, hierarchy, column);
  });
  expect(column.map((value) => generalizeValue(hierarchy, 2, value))).toEqual([
    null,
    0,
    0,
    0,
    10,
    90,
    100,
    100,
    0,
    100,
    0,
  ]);
});

test("dates that the calendar of four digits does not hold become *", async () => {
  const hierarchy = Hierarchy.parse({ kind: "date", units: ["month", "quarter", "year", "decade"] });
  await withEngine(async (connection) => {
    await connection.run(
      "CREATE TABLE t AS SELECT * FROM (VALUES (DATE '10000-01-01'), (DATE 'infinity'), (DATE '0044-03-15 (BC)')) v(value)",
    );
    for (const level of [1, 2, 3, 4]) {
      const rows = await query(connection, `SELECT ${hierarchySql(hierarchy, level, "value")} FROM t`);
      expect(rows.flat()).toEqual(["*", "*", "*"]);
    }
    expect(await query(connection, `SELECT count(*) FILTER (${outsideSql(hierarchy, "value")}) FROM t`)).toEqual([
      [3n],
    ]);
  });
});

test.each(KINDS)("%s: each level is a function of the level below", (_, __, hierarchies, values) => {
  fc.assert(
    fc.property(hierarchies, values as fc.Arbitrary<StoredValue>, (hierarchy, value) => {
      const top = topLevel(hierarchy);
      for (let from = 0; from < top; from++) {
        const below = generalizeValue(hierarchy, from, value);
        for (let level = from; level <= top; level++) {
          expect(generalizeValue(hierarchy, level, below, from)).toBe(generalizeValue(hierarchy, level, value));
        }
      }
    }),
    { numRuns: 300, seed: 11 },
  );
});

test.each([
  ["intervals", { kind: "intervals", min: 0, max: 100, widths: [10, 20] }, [25.5, 20, 20, "*"]],
  ["prefix", { kind: "prefix", lengths: [4, 2] }, ["330108", "3301", "33", "*"]],
  [
    "date",
    { kind: "date", units: ["month", "quarter", "year", "decade"] },
    ["2024-05-31", "2024-05", "2024-Q2", "2024", "2020s", "*"],
  ],
  ["tree", { kind: "tree", levels: [{ Wed: "weekday", Sun: "weekend" }] }, ["Sun", "weekend", "*"]],
] as const)("%s: the levels of one value", (_, document, expected) => {
  const hierarchy = Hierarchy.parse(document);
  expect(expected.map((__, level) => generalizeValue(hierarchy, level, expected[0]))).toEqual(expected);
  expect(topLevel(hierarchy)).toBe(expected.length - 1);
});

test("a null is a value of its own below the top, and a value that a tree does not know is *", () => {
  const tree = Hierarchy.parse({ kind: "tree", levels: [{ a: "x" }, { x: "y" }] });
  expect([0, 1, 2, 3].map((level) => generalizeValue(tree, level, null))).toEqual([null, null, null, "*"]);
  expect([0, 1, 2, 3].map((level) => generalizeValue(tree, level, "b"))).toEqual(["b", "*", "*", "*"]);
  expect(() => generalizeValue(tree, 4, "a")).toThrow(RangeError);
  expect(() => generalizeValue(tree, 1, "a", 2)).toThrow(RangeError);
  expect(() => hierarchySql(tree, -1, "a")).toThrow(RangeError);
  expect([0, 1, 2, 3].map((level) => hierarchyType(tree, level))).toEqual([null, "dict", "dict", "dict"]);
});

test("a tree of ten thousand values fits a statement", async () => {
  const values = Array.from({ length: 10_000 }, (_, i) => [`v'${i}`, `g${i % 97}`]);
  const hierarchy = Hierarchy.parse({ kind: "tree", levels: [Object.fromEntries(values) as Record<string, string>] });
  await withEngine(async (connection) => {
    const column = [null, "other", "v'0", "v'9999", "V'1", ""];
    await loadColumn(connection, "t", "VARCHAR", column);
    await expectEqualLevels(connection, hierarchy, column);
  });
});

test.runIf(present)("every row of the Adult table at every level of its published hierarchies", async () => {
  const [header = [], ...rows] = arxLines(directory, "adult_arx_30162.csv");
  await withEngine(async (connection) => {
    await connection.run(
      `CREATE TABLE adult AS SELECT * FROM read_csv('${join(directory, "adult", "adult_arx_30162.csv")}', header = true, delim = ';', all_varchar = true)`,
    );
    for (const name of ADULT_COLUMNS) {
      const tree = adultTree(directory, name);
      if (tree === undefined) continue;
      const published = new Map(arxLines(directory, `adult_hierarchy_${name}.csv`).map((cells) => [cells[0], cells]));
      const top = topLevel(tree);
      const list = Array.from({ length: top + 1 }, (_, level) => hierarchySql(tree, level, `"${name}"`)).join(", ");
      const found = await query(connection, `SELECT ${list} FROM adult`);
      expect(found.length).toBe(rows.length);
      for (const [i, row] of rows.entries()) {
        const value = row[header.indexOf(name)] ?? "";
        const expected = published.get(value);
        if (found[i]?.some((cell, level) => cell !== expected?.[level])) expect(found[i]).toEqual(expected);
      }
      expect(await query(connection, `SELECT count(*) FILTER (${outsideSql(tree, `"${name}"`)}) FROM adult`)).toEqual([
        [0n],
      ]);
    }
  });
});

async function expectEqualLevels(
  connection: Parameters<Parameters<typeof withEngine>[0]>[0],
  hierarchy: Hierarchy,
  column: readonly StoredValue[],
): Promise<void> {
  const levels = Array.from({ length: topLevel(hierarchy) }, (_, i) => i + 1);
  const list = levels.map((level) => hierarchySql(hierarchy, level, "value")).join(", ");
  const rows = await query(connection, `SELECT ${list} FROM t ORDER BY rowid`);
  const expected = column.map((value) => levels.map((level): Cell => generalizeValue(hierarchy, level, value)));
  for (const [i, row] of rows.entries()) {
    if (row.some((cell, j) => !Object.is(cell, expected[i]?.[j])))
      expect([column[i], row]).toEqual([column[i], expected[i]]);
  }
  expect(rows.length).toBe(column.length);
  const outside = column.filter(
    (value) => value !== null && generalizeValue(hierarchy, 1, value) === ANY_VALUE && topLevel(hierarchy) > 1,
  );
  expect(await query(connection, `SELECT count(*) FILTER (${outsideSql(hierarchy, "value")}) FROM t`)).toEqual([
    [BigInt(hierarchy.kind === "prefix" ? 0 : outside.length)],
  ]);
}
