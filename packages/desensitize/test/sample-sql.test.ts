import { createHash } from "node:crypto";
import type { ColumnRule } from "@sluice/protocol";
import { expect, test } from "vitest";
import { stratifiedSampleSql, type SampleSource } from "../src/index.ts";
import { query, withEngine, type Cell } from "./engine.ts";
import { describe, field, policyOf } from "./fixtures.ts";

const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
const tokenKey = new Uint8Array(32).fill(9);
const resource = describe(
  field("number", "integer"),
  field("region", "text", "quasi"),
  field("age", "integer", "quasi"),
  field("name", "text", "direct"),
);
const columns: Record<string, ColumnRule> = {
  number: { role: "other", transform: { kind: "keep" } },
  region: { role: "quasi", transform: { kind: "generalize", length: 2 } },
  age: { role: "quasi", transform: { kind: "bucket", width: 20, min: 0, max: 80 } },
  name: { role: "direct", transform: { kind: "token" } },
};
const ROWS = 1_000;
// Skewed regions, one of them null.
const PEOPLE = `CREATE TABLE people AS SELECT i AS number, 'name ' || i AS name, (i * 7919) % 90 AS age,
  CASE WHEN i % 10 = 9 THEN NULL WHEN i % 2 = 0 THEN '11' || (i % 5) WHEN i % 3 = 0 THEN '22x' ELSE '33y' END AS region
  FROM range(${ROWS}) t(i)`;

/** Rows of the sample: number, region, age. */
async function sample(rows: number, strata: string[], source: Partial<SampleSource> = {}): Promise<Cell[][]> {
  const policy = policyOf(columns, { sample: { rows, strata } });
  const fields = ["number", "region", "age"];
  const view = stratifiedSampleSql(policy, resource, {
    table: "people",
    fields,
    tokenKey,
    rowId: "rowid",
    seed,
    ...source,
  });
  return withEngine(async (connection) => {
    await connection.run(PEOPLE);
    return query(connection, view.sql, view.parameters);
  });
}

/** Place of every row by the hash that the seed gives it. */
function hashOrder(rowCount: number): number[] {
  const hash = (row: number): string => createHash("sha256").update(seed).update(String(row)).digest("hex");
  const hashes = Array.from({ length: rowCount }, (_, row) => [hash(row), row] as const);
  return hashes.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function stratumOf(row: number): string {
  const region = row % 10 === 9 ? "null" : row % 2 === 0 ? "11" : row % 3 === 0 ? "22" : "33";
  const age = (row * 7_919) % 90;
  return `${region} ${Math.floor(Math.min(age, 80) / 20) * 20}`;
}

/** The same sample from the definition: largest remainders, then the first of each stratum in hash order. */
function expectedRows(wanted: number, stratum: (row: number) => string): number[] {
  const order = hashOrder(ROWS);
  const members = new Map<string, number[]>();
  for (const row of order) members.set(stratum(row), [...(members.get(stratum(row)) ?? []), row]);
  const strata = [...members.values()].map((rows) => {
    const share = (BigInt(wanted) * BigInt(rows.length)) / BigInt(ROWS);
    const rest = (BigInt(wanted) * BigInt(rows.length)) % BigInt(ROWS);
    return { rows, quota: Number(share), rest: Number(rest), first: order.indexOf(rows[0] ?? 0) };
  });
  let left = wanted - strata.reduce((sum, { quota }) => sum + quota, 0);
  for (const one of strata.toSorted((a, b) => b.rest - a.rest || a.first - b.first)) if (left-- > 0) one.quota++;
  const chosen = new Set(strata.flatMap(({ rows, quota }) => rows.slice(0, quota)));
  return order.filter((row) => chosen.has(row));
}

test("the sample is the one that its definition gives, row by row and in hash order", async () => {
  for (const wanted of [1, 17, 250, 999]) {
    const rows = await sample(wanted, ["region", "age"]);
    expect(rows.map(([number]) => Number(number))).toEqual(expectedRows(wanted, stratumOf));
  }
});

test("without strata the first rows in hash order are taken", async () => {
  const rows = await sample(40, []);
  expect(rows.map(([number]) => Number(number))).toEqual(hashOrder(ROWS).slice(0, 40));
});

test("a sample larger than the table is the whole table, once", async () => {
  const rows = await sample(5_000, ["region"]);
  expect(rows.map(([number]) => Number(number)).sort((a, b) => a - b)).toEqual(
    Array.from({ length: ROWS }, (_, i) => i),
  );
});

test("columns come transformed", async () => {
  const rows = await sample(200, ["region"]);
  for (const [number, region, age] of rows) {
    expect(`${region} ${age}`).toBe(stratumOf(Number(number)));
  }
});

test("another seed gives another sample, the same seed the same", async () => {
  const first = await sample(100, ["region"]);
  expect(await sample(100, ["region"])).toEqual(first);
  expect(await sample(100, ["region"], { seed: new Uint8Array(32).fill(1) })).not.toEqual(first);
});

test("an empty table gives an empty sample", async () => {
  const policy = policyOf(columns, { sample: { rows: 10, strata: ["region"] } });
  const source = { table: "people", fields: ["age", "name"], tokenKey, rowId: "rowid", seed };
  const view = stratifiedSampleSql(policy, resource, source);
  await withEngine(async (connection) => {
    await connection.run("CREATE TABLE people (number BIGINT, name VARCHAR, age BIGINT, region VARCHAR)");
    expect(await query(connection, view.sql, view.parameters)).toEqual([]);
  });
});

test("seed and key are bound, never text", () => {
  const source = { table: "people", fields: ["name"], tokenKey, rowId: "rowid", seed };
  const view = stratifiedSampleSql(policyOf(columns), resource, source);
  expect(Object.keys(view.parameters).sort()).toEqual(["sampleSeed", "tokenKeyInner", "tokenKeyOuter"]);
  expect(view.sql).not.toContain("000102");
});

test("refuses a seed of another length, and a sample of no columns", () => {
  const source = { table: "people", fields: ["age"], tokenKey, rowId: "rowid", seed: new Uint8Array(31) };
  expect(() => stratifiedSampleSql(policyOf(columns), resource, source)).toThrow(RangeError);
  expect(() => stratifiedSampleSql(policyOf(columns), resource, { ...source, seed, fields: [] })).toThrow(
    expect.objectContaining({ code: "ERR_POLICY" }),
  );
});
