import { existsSync } from "node:fs";
import { join } from "node:path";
import { Hierarchy, isValid, type Column } from "@sluice/protocol";
import { expect, test } from "vitest";
import { anonymize, chooseLevels, levelExpression, type ColumnHierarchy } from "../src/index.ts";
import { ADULT_COLUMNS, adultBatch, adultTree } from "./adult-hierarchies.ts";
import { query, withEngine } from "./engine.ts";

const directory = process.env["SLUICE_DATA_DIR"] ?? "";
const file = join(directory, "adult", "adult_arx_30162.csv");
const present = existsSync(file);
if (!present) process.stdout.write("skipped: tests on the Adult table need SLUICE_DATA_DIR\n");

function cellsOf(column: Column | undefined, rowCount: number): (string | null)[] {
  return Array.from({ length: rowCount }, (_, row) => {
    if (column === undefined || !isValid(column, row)) return null;
    const value = column.values[row] ?? 0;
    return column.type === "dict" ? (column.dictionary[value] ?? "") : String(value);
  });
}

test.runIf(present)("a statement with the chosen levels shows what the batch shows, row by row", async () => {
  const hierarchies: Record<string, ColumnHierarchy> = Object.fromEntries(
    ADULT_COLUMNS.flatMap((name): [string, ColumnHierarchy][] => {
      const hierarchy = adultTree(directory, name);
      // Ages as numbers, so that one column stays a number.
      const ages = Hierarchy.parse({ kind: "intervals", min: 0, max: 100, widths: [5, 10, 20] });
      if (name === "age") return [[name, { hierarchy: ages, from: 0 }]];
      return hierarchy === undefined ? [] : [[name, { hierarchy, from: 0 }]];
    }),
  );
  const text = adultBatch(directory, (row) => row % 8 === 3);
  const ages = cellsOf(text.columns["age"], text.rowCount);
  const batch = {
    ...text,
    columns: { ...text.columns, age: { type: "i32" as const, values: Int32Array.from(ages, Number) } },
  };
  const request = { quasi: ADULT_COLUMNS, hierarchies, k: 10, suppressionLimit: 0.05 };
  const plain = await anonymize(batch, { ...request, model: { algorithm: "full-domain" } });
  const found = await chooseLevels(batch, new Float64Array(batch.rowCount).fill(1), request);
  expect(found).toMatchObject({ loss: plain.loss, suppressedRows: plain.suppressedRows });
  if (plain.recoding.kind !== "levels") throw new TypeError("full-domain chooses levels");
  expect(Object.values(found.levels)).toEqual(plain.recoding.columns.map(({ level }) => level));

  const rows = await withEngine(async (connection) => {
    await connection.run(`CREATE TABLE adult AS SELECT * FROM read_csv('${file}', header = true, delim = ';')`);
    const type = (name: string): Column["type"] => (name === "age" ? "i32" : "dict");
    const list = ADULT_COLUMNS.map(
      (name) => `${levelExpression(name, found.levels[name] ?? 0, hierarchies[name], type(name))} AS "${name}"`,
    );
    return query(connection, `SELECT ${list.join(", ")} FROM adult WHERE rowid % 8 = 3 ORDER BY rowid`);
  });
  const gone = new Set(rowsOf(found.leftOut.columns, found.leftOut.rowCount));
  expect(gone.size).toBe(found.leftOut.rowCount);
  const left = rows
    .map((cells) => JSON.stringify(cells.map((cell) => (cell === null ? null : String(cell)))))
    .filter((row) => !gone.has(row));
  expect(left).toEqual(rowsOf(plain.batch.columns, plain.batch.rowCount));
  expect(left.length).toBe(rows.length - found.suppressedRows);
});

function rowsOf(columns: Record<string, Column>, rowCount: number): string[] {
  const cells = ADULT_COLUMNS.map((name) => cellsOf(columns[name], rowCount));
  return Array.from({ length: rowCount }, (_, row) => JSON.stringify(cells.map((own) => own[row] ?? null)));
}

test("rows that weigh more count as so many persons; what is left out has a name for null", async () => {
  const column: Column = { type: "i32", values: Int32Array.of(0, 1, 2), validity: Uint8Array.of(0b110) };
  const found = await chooseLevels({ rowCount: 3, columns: { c: column } }, Float64Array.of(1, 5, 9), {
    quasi: ["c"],
    hierarchies: {},
    k: 5,
    suppressionLimit: 0.1,
  });
  expect(found).toMatchObject({ levels: { c: 0 }, suppressedRows: 1, nodes: 2 });
  expect(cellsOf(found.leftOut.columns["c"], found.leftOut.rowCount)).toEqual([null]);
  await expect(
    chooseLevels({ rowCount: 3, columns: { c: column } }, Float64Array.of(1, 1, 1), {
      quasi: ["c"],
      hierarchies: {},
      k: 5,
      suppressionLimit: 0,
    }),
  ).rejects.toMatchObject({ code: "ERR_SAMPLE_K" });
});

test("a number at * is null, a truth value too, and a lower bound beyond 32 bits is the nearest whole number", async () => {
  const hierarchy = Hierarchy.parse({ kind: "intervals", min: -5e9, max: 5e9, widths: [2e9, 4e9] });
  const declared = { hierarchy, from: 0 };
  await withEngine(async (connection) => {
    const expressions = [
      levelExpression("n", 1, declared, "i32"),
      levelExpression("n", 2, declared, "f64"),
      levelExpression("n", 3, declared, "i32"),
      levelExpression("n", 1, undefined, "bool"),
      levelExpression("n", 1, undefined, "dict"),
      levelExpression("n", 0, declared, "i32"),
    ];
    const rows = await query(
      connection,
      `SELECT ${expressions.join(", ")} FROM (VALUES (-2000000000), (7), (NULL)) t(n)`,
    );
    expect(rows).toEqual([
      [-2_147_483_648, -5e9, null, null, "*", -2_000_000_000],
      [-1_000_000_000, -1e9, null, null, "*", 7],
      [null, null, null, null, "*", null],
    ]);
  });
  const n: Column = { type: "i32", values: Int32Array.of(-2_000_000_000, 7), validity: Uint8Array.of(3) };
  const found = await anonymize(
    { rowCount: 2, columns: { n } },
    { quasi: ["n"], hierarchies: { n: declared }, model: { algorithm: "full-domain" }, k: 1, suppressionLimit: 0 },
  );
  expect(found.loss).toBe(0);
});
