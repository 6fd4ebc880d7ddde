/** The aggregation of stored records in DuckDB, against the meter, which counts them one by one.
 *  @module */
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { meteredCalls, monthlyUses, monthlyUseSql, usesOfRows, type AggregatedUse } from "@sluice/settlement";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

const PRODUCTS = ["credit", "permits"].map((id) => ({
  id,
  title: { zh: id, en: id },
  form: "api",
  year: "2026",
  resources: [],
  estimate: [{ calls: "1" }],
}));

interface Attempt {
  readonly id: string;
  readonly caller: string;
  readonly product: string;
  readonly at: string;
  readonly quantity: number;
}

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  await connection.run(
    `CREATE TABLE uses (id VARCHAR, caller VARCHAR, product VARCHAR, "at" TIMESTAMP, quantity BIGINT)`,
  );
});

afterAll(() => connection.closeSync());

async function aggregated(attempts: readonly Attempt[], idsAreUnique = false) {
  await connection.run("DELETE FROM uses");
  for (const { id, caller, product, at, quantity } of attempts) {
    const written = at.replace("T", " ").replace("Z", "");
    await connection.run("INSERT INTO uses VALUES ($1, $2, $3, $4::TIMESTAMP, $5)", [
      id,
      caller,
      product,
      written,
      quantity,
    ]);
  }
  const result = await connection.runAndReadAll(monthlyUseSql({ table: "uses", month: "2026-11", idsAreUnique }));
  return usesOfRows(result.getRowObjectsJS() as unknown as AggregatedUse[], "2026-11");
}

function metered(attempts: readonly Attempt[]) {
  const records = attempts.map(({ quantity, ...record }) => ({
    ...record,
    outcome: "answered",
    use: { quantity: `${quantity}` },
  }));
  return monthlyUses(meteredCalls(records, PRODUCTS), "2026-11");
}

const attempt = fc.record({
  id: fc.integer({ min: 0, max: 12 }),
  // From the first instant of 2026 to the last of November, in Asia/Shanghai.
  at: fc.date({
    min: new Date("2025-12-31T16:00:00.000Z"),
    max: new Date("2026-11-30T15:59:59.999Z"),
    noInvalidDate: true,
  }),
});

test("F1: DuckDB counts a call once, in the month of its first answer, as the meter does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { maxLength: 25 }), async (list) => {
      const attempts = list.map(({ id, at }) => ({
        id: `call-${id}`,
        caller: at.getTime() % 3 === 0 ? "bank" : "shop",
        product: id % 2 === 0 ? "credit" : "permits",
        at: at.toISOString(),
        quantity: id,
      }));
      expect(await aggregated(attempts)).toEqual(metered(attempts));
      const once = [...new Map(attempts.map((each) => [each.id, each])).values()];
      expect(await aggregated(once, true)).toEqual(metered(once));
    }),
    { numRuns: 30 },
  );
});

const CALL: Attempt = { id: "a", caller: "bank", product: "credit", at: "2026-11-05T00:00:00.000Z", quantity: 1 };

test.each<[string, Partial<Attempt>, string]>([
  ["an id of two products", { product: "permits" }, "ERR_SETTLEMENT_CALL"],
  ["an id of two quantities", { quantity: 2 }, "ERR_SETTLEMENT_CALL"],
  ["the last instant of the year before", { id: "b", at: "2025-12-31T15:59:59.999Z" }, "ERR_SETTLEMENT_PERIOD"],
  ["the first instant of the next month", { id: "b", at: "2026-11-30T16:00:00.000Z" }, "ERR_SETTLEMENT_PERIOD"],
  ["a quantity below zero", { id: "b", quantity: -1 }, "ERR_SETTLEMENT_INPUT"],
])("F1: DuckDB's rows with %s are refused", async (_, change, code) => {
  await expect(aggregated([CALL, { ...CALL, ...change }])).rejects.toThrow(expect.objectContaining({ code }));
});

test("F1: December ends with the year; a name that is no identifier is refused", () => {
  const sql = monthlyUseSql({ table: "uses", month: "2026-12", idsAreUnique: true });
  expect(sql).toContain(`"at" < TIMESTAMP '2025-12-31 16:00:00' OR "at" >= TIMESTAMP '2026-12-31 16:00:00'`);
  for (const [table, month] of [
    ['uses"; DROP TABLE uses; --', "2026-12"],
    ["uses", "2026-13"],
    ["uses", "9999-12"],
  ] as const) {
    expect(() => monthlyUseSql({ table, month, idsAreUnique: true })).toThrow(
      expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }),
    );
  }
});
