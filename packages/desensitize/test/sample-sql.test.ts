import { createHash, hkdfSync } from "node:crypto";
import { canonicalText } from "@sluice/protocol";
import type { ColumnRule } from "@sluice/protocol";
import { expect, test } from "vitest";
import { sampleSql, type SampleSource } from "../src/index.ts";
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
const FIELDS = ["number", "region", "age"];
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

const policyFor = (rows: number, strata: string[], method: "exact" | "hash" = "exact") =>
  policyOf(columns, { sample: { rows, strata, method } });

/** Rows of the sample: number, region, age. */
async function sample(
  rows: number,
  strata: string[],
  source: Partial<SampleSource> = {},
  method: "exact" | "hash" = "exact",
): Promise<Cell[][]> {
  const view = sampleSql(policyFor(rows, strata, method), resource, {
    table: "people",
    fields: FIELDS,
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

/** Every row by the hash that the secret gives to `text` of it. */
function hashOrder(secret: Uint8Array, text: (row: number) => string): number[] {
  const hash = (row: number): string => createHash("sha256").update(secret).update(text(row)).digest("hex");
  const hashes = Array.from({ length: ROWS }, (_, row) => [hash(row), row] as const);
  return hashes.sort(([a, i], [b, j]) => (a < b ? -1 : a > b ? 1 : i - j)).map(([, row]) => row);
}

const byRow = hashOrder(seed, (row) => `r${row}`);

/** Every row in the order of the sample of `FIELDS` under that policy. */
function shownOrder(rows: number, strata: string[]): number[] {
  const { domain, resource: name, snapshot } = resource;
  const of = canonicalText({
    domain,
    resource: name,
    snapshot,
    policy: policyFor(rows, strata),
    fields: FIELDS,
  });
  const info = createHash("sha256").update(of).digest();
  const secret = hkdfSync("sha256", Buffer.concat([seed, tokenKey]), "sluice/sample-order/v1", info, 32);
  return hashOrder(new Uint8Array(secret), String);
}

function stratumOf(row: number): string {
  const region = row % 10 === 9 ? "null" : row % 2 === 0 ? "11" : row % 3 === 0 ? "22" : "33";
  const age = (row * 7_919) % 90;
  return `${region} ${Math.floor(Math.min(age, 80) / 20) * 20}`;
}

/** The same sample from the definition: seats by the highest averages of Sainte-Laguë, one at a time, each to the next row of
 *  its stratum in hash order. */
function expectedRows(wanted: number, order: number[], stratum: (row: number) => string): Set<number> {
  const members = Map.groupBy(order, stratum);
  const taken = new Map([...members.keys()].map((name) => [name, 0]));
  const chosen = new Set<number>();
  while (chosen.size < wanted) {
    // Largest size / (2 seats + 1) as a fraction, then the row that comes first in hash order.
    const next = [...members].flatMap(([name, rows]) => {
      const seats = taken.get(name) ?? 0;
      const row = rows[seats];
      return row === undefined ? [] : [{ name, row, size: rows.length, seats }];
    });
    next.sort(
      (a, b) => b.size * (2 * a.seats + 1) - a.size * (2 * b.seats + 1) || order.indexOf(a.row) - order.indexOf(b.row),
    );
    const [winner] = next;
    if (winner === undefined) break;
    chosen.add(winner.row);
    taken.set(winner.name, winner.seats + 1);
  }
  return chosen;
}

const numbersOf = (rows: Cell[][]): number[] => rows.map(([number]) => Number(number));

test("the sample is the one that its definition gives, row by row", async () => {
  for (const wanted of [1, 17, 250, 999]) {
    const expected = expectedRows(wanted, byRow, stratumOf);
    const order = shownOrder(wanted, ["region", "age"]);
    expect(numbersOf(await sample(wanted, ["region", "age"]))).toEqual(order.filter((row) => expected.has(row)));
  }
});

test("each stratum has its share of the sample, up to one row", async () => {
  for (const wanted of [40, 333, 800]) {
    const drawn = Map.groupBy(numbersOf(await sample(wanted, ["region", "age"])), stratumOf);
    for (const [name, rows] of Map.groupBy(byRow, stratumOf)) {
      expect(Math.abs((drawn.get(name)?.length ?? 0) - (rows.length * wanted) / ROWS)).toBeLessThan(1);
    }
  }
});

test("without strata the first rows in hash order are taken, and shown in another order", async () => {
  const first = new Set(byRow.slice(0, 40));
  expect(numbersOf(await sample(40, []))).toEqual(shownOrder(40, []).filter((row) => first.has(row)));
});

test("two samples of the same rows that differ in scene, table, policy, columns or import have nothing of their order in common", async () => {
  const [base, of] = [policyOf(columns), resource];
  const others: [string, typeof base, typeof of, Partial<SampleSource>][] = [
    ["scene", base, of, { tokenKey: new Uint8Array(32).fill(8) }],
    ["seed", base, of, { seed: new Uint8Array(32).fill(1) }],
    ["table", { ...base, resource: "others" }, { ...of, resource: "others" }, {}],
    ["policy", { ...base, k: 6 }, of, {}],
    ["columns", base, of, { fields: ["number", "age"] }],
    ["import", base, { ...of, snapshot: "1".repeat(64) }, {}],
  ];
  await withEngine(async (connection) => {
    await connection.run(PEOPLE);
    const draw = async (
      policy: typeof base,
      described: typeof of,
      change: Partial<SampleSource>,
    ): Promise<number[]> => {
      const source = { table: "people", fields: FIELDS, tokenKey, rowId: "rowid", seed, ...change };
      const view = sampleSql(policy, described, source);
      return numbersOf(await query(connection, view.sql, view.parameters));
    };
    const first = await draw(base, of, {});
    expect(await draw(base, of, {})).toEqual(first);
    const placeOf = new Map(first.map((row, place) => [row, place]));
    for (const [what, policy, described, change] of others) {
      const other = await draw(policy, described, change);
      expect([what, other.toSorted((a, b) => a - b)]).toEqual([what, first.toSorted((a, b) => a - b)]);
      // Spearman: six standard deviations of unrelated orders, 1 / sqrt(n - 1).
      const squares = other.reduce((sum, row, place) => sum + ((placeOf.get(row) ?? 0) - place) ** 2, 0);
      const rank = 1 - (6 * squares) / (ROWS * (ROWS ** 2 - 1));
      expect([what, Math.abs(rank) < 6 / Math.sqrt(ROWS - 1)]).toEqual([what, true]);
      expect([what, other.filter((row, place) => row === first[place]).length < 10]).toEqual([what, true]);
    }
  });
});

test("of two samples with the same strata the smaller is part of the larger, whatever the scene's key", async () => {
  for (const strata of [[], ["region", "age"]]) {
    let smaller = new Set<number>();
    for (const wanted of [3, 20, 21, 22, 211]) {
      const tokenKey = new Uint8Array(32).fill(wanted % 251);
      const larger = new Set(numbersOf(await sample(wanted, strata, { tokenKey })));
      expect(larger.size).toBe(wanted);
      expect(new Set([...larger, ...smaller])).toEqual(larger);
      smaller = larger;
    }
  }
});

test("sampling by hash takes about as many rows as are wanted and never more, all of them first in hash order", async () => {
  for (const wanted of [50, 200, 600]) {
    const rows = new Set(numbersOf(await sample(wanted, [], {}, "hash")));
    expect(rows.size).toBeLessThanOrEqual(wanted);
    // Six standard deviations of a binomial count.
    expect(rows.size).toBeGreaterThan(wanted - 6 * Math.sqrt(wanted));
    expect(rows).toEqual(new Set(byRow.slice(0, rows.size)));
    const hash = createHash("sha256").update(seed).update(`r${byRow[rows.size]}`).digest("hex");
    const share = Number(BigInt(`0x${hash.slice(0, 13)}`)) / 2 ** 52;
    expect(rows.size === wanted || share >= wanted / ROWS).toBe(true);
  }
});

test("tables that name the same persons are sampled of the same persons, and their tokens join", async () => {
  const VISITS = `CREATE TABLE visits AS SELECT 'name ' || ((i * 37) % ${ROWS}) AS name, i AS number FROM range(${2 * ROWS}) t(i)`;
  const visits = describe(field("name", "text", "direct"), field("number", "integer"));
  const policy = policyOf(
    { name: { role: "direct", transform: { kind: "token" } } },
    { sample: { rows: 200, strata: [] } },
  );
  await withEngine(async (connection) => {
    await connection.run(PEOPLE);
    await connection.run(VISITS);
    const tokens = async (table: string, of: typeof visits, rows: number): Promise<Set<Cell | undefined>> => {
      const source = { table, fields: ["name"], tokenKey, rowId: "rowid", seed, subject: "name" };
      const view = sampleSql({ ...policy, sample: { rows, strata: [] } }, of, source);
      return new Set((await query(connection, view.sql, view.parameters)).map(([token]) => token));
    };
    const people = await tokens("people", resource, 100);
    expect(people.size).toBe(100);
    // Every person has two visits: a sample of twice the rows is of the same persons.
    expect(await tokens("visits", visits, 200)).toEqual(people);
  });
});

test("rows of one person do not lie together", async () => {
  const policy = policyOf(
    { number: { role: "other", transform: { kind: "keep" } } },
    { sample: { rows: 300, strata: [] } },
  );
  await withEngine(async (connection) => {
    await connection.run("CREATE TABLE t AS SELECT i AS number, i // 3 AS person FROM range(900) t(i)");
    const source = { table: "t", fields: ["number"], tokenKey, rowId: "rowid", seed, subject: "person" };
    const view = sampleSql(policy, describe(field("number", "integer"), field("person", "integer")), source);
    const rows = numbersOf(await query(connection, view.sql, view.parameters));
    const persons = rows.map((row) => Math.floor(row / 3));
    expect(new Set(persons).size).toBe(100);
    expect(persons.filter((person, i) => person === persons[i + 1]).length).toBeLessThan(15);
  });
});

test("a sample larger than the table is the whole table, once", async () => {
  for (const method of ["exact", "hash"] as const) {
    const rows = await sample(5_000, method === "exact" ? ["region"] : [], {}, method);
    expect(numbersOf(rows).sort((a, b) => a - b)).toEqual(Array.from({ length: ROWS }, (_, i) => i));
  }
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
  const view = sampleSql(policy, resource, source);
  await withEngine(async (connection) => {
    await connection.run("CREATE TABLE people (number BIGINT, name VARCHAR, age BIGINT, region VARCHAR)");
    expect(await query(connection, view.sql, view.parameters)).toEqual([]);
  });
});

test("seed and key are bound, never text", () => {
  const source = { table: "people", fields: ["name"], tokenKey, rowId: "rowid", seed };
  const view = sampleSql(policyOf(columns), resource, source);
  expect(Object.keys(view.parameters).sort()).toEqual(["sampleOrder", "sampleSeed", "tokenKeyInner", "tokenKeyOuter"]);
  expect(view.sql).not.toContain("000102");
});

test("refuses a seed of another length, and a sample of no columns", () => {
  const source = { table: "people", fields: ["age"], tokenKey, rowId: "rowid", seed: new Uint8Array(31) };
  expect(() => sampleSql(policyOf(columns), resource, source)).toThrow(RangeError);
  expect(() => sampleSql(policyOf(columns), resource, { ...source, seed, fields: [] })).toThrow(
    expect.objectContaining({ code: "ERR_POLICY" }),
  );
});
