/** The UCI Adult table (30,162 complete rows of the 1994 census): a policy that fits it, run by the engine and by the
 *  TypeScript reference, row by row. Needs SLUICE_DATA_DIR.
 *  @module */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ColumnBatch, ColumnRule, Policy, ResourceDescription, Transform } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  applyTransform,
  checkPolicy,
  scanColumns,
  quasiIdentifiers,
  sampleSql,
  suppressToK,
  viewSql,
  type StoredType,
} from "../src/index.ts";
import { query, withEngine, type Cell } from "./engine.ts";
import { describe, field, policyOf } from "./fixtures.ts";

const directory = process.env["SLUICE_DATA_DIR"];
const file = directory === undefined ? undefined : join(directory, "adult", "adult.data");
const present = file !== undefined && existsSync(file);
if (!present) process.stdout.write("skipped: tests on the Adult table need SLUICE_DATA_DIR\n");

const tokenKey = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
const quasi = (transform: Transform): ColumnRule => ({ role: "quasi", transform });
const other = (transform: Transform): ColumnRule => ({ role: "other", transform });

const COLUMNS: [name: string, type: StoredType, rule: ColumnRule][] = [
  ["age", "integer", quasi({ kind: "bucket", width: 10, min: 20, max: 70 })],
  ["type_employer", "text", other({ kind: "mask", keepFirst: 2, keepLast: 1 })],
  ["fnlwgt", "decimal", other({ kind: "bucket", width: 2_500.5, min: 0, max: 500_000 })],
  ["education", "text", other({ kind: "generalize", length: 3 })],
  ["education_num", "integer", other({ kind: "keep" })],
  ["marital", "text", quasi({ kind: "generalize", length: 7 })],
  ["occupation", "text", other({ kind: "token" })],
  ["relationship", "text", other({ kind: "mask", keepFirst: 0, keepLast: 0 })],
  ["race", "text", quasi({ kind: "generalize", length: 1 })],
  ["sex", "text", quasi({ kind: "keep" })],
  ["capital_gain", "integer", other({ kind: "bucket", width: 1_000, min: 0, max: 20_000 })],
  ["capital_loss", "integer", other({ kind: "token" })],
  ["hr_per_week", "integer", other({ kind: "generalize", length: 1 })],
  ["country", "text", other({ kind: "drop" })],
  ["income", "text", other({ kind: "keep" })],
];
const ENGINE_TYPES: Record<StoredType, string> = {
  text: "VARCHAR",
  integer: "BIGINT",
  decimal: "DOUBLE",
  boolean: "BOOLEAN",
  date: "DATE",
};

const resource: ResourceDescription = describe(
  field("row", "integer", "direct"),
  ...COLUMNS.map(([name, type, { role }]) => field(name, type, role)),
);
const policy: Policy = policyOf(Object.fromEntries(COLUMNS.map(([name, , rule]) => [name, rule])), {
  sample: { rows: 5_000, strata: ["sex", "race"] },
  suppressionLimit: 0.05,
});
const fields = COLUMNS.filter(([, , { transform }]) => transform.kind !== "drop").map(([name]) => name);

async function load(connection: Parameters<Parameters<typeof withEngine>[0]>[0]): Promise<void> {
  const types = COLUMNS.map(([name, type]) => `'${name}': '${ENGINE_TYPES[type]}'`).join(", ");
  await connection.run(`CREATE TABLE people AS SELECT * FROM read_csv('${file}', header = true, columns = {${types}})`);
}

test.runIf(present)("every row of the Adult table is transformed alike by the engine and by TypeScript", async () => {
  checkPolicy(policy, resource, "row");
  const lines = (await readFile(file ?? "", "utf8")).trimEnd().split(/\r?\n/).slice(1);
  const rows = await withEngine(async (connection) => {
    await load(connection);
    const view = viewSql(policy, resource, { table: "people", fields, tokenKey, rowId: "rowid" });
    return query(connection, view.sql, view.parameters);
  });
  expect(rows.length).toBe(lines.length);
  const tokens = new Map<string, Cell>(); // a token costs, and there are few different values
  for (const [i, line] of lines.entries()) {
    const cells = line.split(",");
    const expected = COLUMNS.flatMap(([, type, { transform }], j): Cell[] => {
      if (transform.kind === "drop") return [];
      const text = cells[j] ?? "";
      const value = type === "text" ? text : Number(text);
      if (transform.kind !== "token") return [applyTransform(transform, value, { tokenKey, type })];
      const token = tokens.get(text) ?? applyTransform(transform, value, { tokenKey, type });
      tokens.set(text, token);
      return [token];
    });
    if (rows[i]?.some((cell, j) => cell !== expected[j])) expect(rows[i]).toEqual(expected);
  }
});

test.runIf(present)("a sample of the Adult table keeps k = 5 with under 5 % suppressed", async () => {
  const quasiColumns = quasiIdentifiers(policy);
  expect(quasiColumns).toEqual(["age", "marital", "race", "sex"]);
  const rows = await withEngine(async (connection) => {
    await load(connection);
    const view = sampleSql(policy, resource, {
      table: "people",
      fields: quasiColumns,
      tokenKey,
      rowId: "rowid",
      seed: new Uint8Array(32).fill(3),
    });
    return query(connection, view.sql, view.parameters);
  });
  expect(rows.length).toBe(5_000);
  const { batch, suppressedRows, k } = suppressToK(dictionaryBatch(quasiColumns, rows), quasiColumns, 5, 0.05);
  expect(k).toBeGreaterThanOrEqual(5);
  expect(suppressedRows).toBeGreaterThan(0);
  const sizes = new Map<string, number>();
  for (const row of rows) sizes.set(row.join("|"), (sizes.get(row.join("|")) ?? 0) + 1);
  const rare = [...sizes.values()].filter((size) => size < 5).reduce((sum, size) => sum + size, 0);
  expect(suppressedRows).toBe(rare);
  expect(batch.rowCount).toBe(5_000 - rare);
  expect(scanColumns(batch)).toEqual([]);
});

/** All columns as dictionaries of their text. */
function dictionaryBatch(names: readonly string[], rows: readonly Cell[][]): ColumnBatch {
  const columns = names.map((name, j) => {
    const dictionary = rows.map((row) => String(row[j]));
    return [name, { type: "dict" as const, values: Uint32Array.from(dictionary.keys()), dictionary }] as const;
  });
  return { rowCount: rows.length, columns: Object.fromEntries(columns) };
}
