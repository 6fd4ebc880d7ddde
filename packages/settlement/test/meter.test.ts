/** The meter: what counts, once, in which month.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { chinaDay, chinaMonth, chinaYear, meteredCalls, monthlyUses, type UsageRecord } from "../src/index.ts";
import { CITY_PRODUCTS } from "./city-products.ts";
import { refusal } from "./statement-fixture.ts";

const RECORD: UsageRecord = {
  id: "c1",
  caller: "bank",
  product: "credit-api",
  at: "2026-11-05T03:00:00.000Z",
  outcome: "answered",
  use: { calls: "1" },
};

function uses(records: readonly object[], month = "2026-11") {
  return monthlyUses(meteredCalls(records, CITY_PRODUCTS), month);
}

test("F1: a call counts when it was answered, and once, however often it was tried", () => {
  const failed = { ...RECORD, outcome: "failed" };
  expect(uses([failed])).toEqual([]);
  const once = [{ caller: "bank", product: "credit-api", quantity: "1", before: "0" }];
  expect(uses([failed, failed, RECORD])).toEqual(once);
  expect(uses([RECORD, RECORD, { ...RECORD, at: "2026-11-05T03:00:09.000Z" }, failed])).toEqual(once);
  expect(uses([RECORD, { ...RECORD, id: "c2" }])).toMatchObject([{ quantity: "2" }]);
});

test("F1: a retry counts in the month of the first answer, whatever the order of records", () => {
  const late = { ...RECORD, at: "2026-11-30T16:00:00.000Z" };
  for (const records of [
    [RECORD, late],
    [late, RECORD],
  ]) {
    expect(uses(records, "2026-12")).toMatchObject([{ quantity: "0", before: "1" }]);
  }
  expect(uses([late], "2026-12")).toMatchObject([{ quantity: "1", before: "0" }]);
});

test.each<[string, string, Record<string, string>, string]>([
  ["F2", "risk-alert", { months: "1", objects: "500" }, "500"],
  ["F3", "corpus", { rows: "1000", fields: "20", days: "30" }, "600000"],
  ["F4", "tax-label", { dimensions: "5", labels: "20" }, "100"],
  ["F5", "city-report", { dimensions: "4", reports: "1" }, "4"],
  ["F3", "corpus", { quantity: "600000" }, "600000"],
])("%s: a record of %s counts the product of its factors", (_, product, use, quantity) => {
  expect(uses([{ ...RECORD, product, use }])).toEqual([{ caller: "bank", product, quantity, before: "0" }]);
});

test("F1: an id that stands for two different calls is refused", () => {
  for (const change of [{ product: "tax-label", use: { quantity: "1" } }, { use: { calls: "2" } }]) {
    expect(refusal(() => uses([RECORD, { ...RECORD, ...change }]))).toBe(
      "ERR_SETTLEMENT_CALL: records/c1 is given again, and not as it was",
    );
  }
});

test("F1: calls of one id by other callers, in other domains or with another request are calls of their own", () => {
  const first = { ...RECORD, domain: "hrss", request: "aa".repeat(32) };
  for (const change of [
    { domain: "health" },
    { request: "bb".repeat(32) },
    { domain: "health", product: "tax-label" },
  ]) {
    const use = "product" in change ? { quantity: "1" } : RECORD.use;
    const counted = uses([first, { ...first, ...change, use }, first]);
    expect(counted.reduce((sum, { quantity }) => sum + Number(quantity), 0)).toBe(2);
  }
  expect(uses([first, { ...first, caller: "shop" }])).toMatchObject([{ quantity: "1" }, { quantity: "1" }]);
});

test.each<[string, object, string]>([
  ["a negative quantity", { use: { calls: "-1" } }, "ERR_SETTLEMENT_INPUT: records/0 (c1)/use/calls"],
  ["NaN", { use: { quantity: "NaN" } }, "ERR_SETTLEMENT_INPUT: records/0 (c1)/use/quantity"],
  ["no factor", { use: {} }, "ERR_SETTLEMENT_INPUT: records/c1/use"],
  ["factors of another form", { use: { rows: "1" } }, "ERR_SETTLEMENT_INPUT: records/c1/use"],
  ["factors and their product", { use: { calls: "1", quantity: "1" } }, "ERR_SETTLEMENT_INPUT: records/c1/use"],
  ["a day that does not exist", { at: "2026-02-30T00:00:00.000Z" }, "ERR_SETTLEMENT_INPUT: records/0 (c1)/at"],
  ["a product that is not given", { product: "oracle" }, "ERR_SETTLEMENT_MISSING: product oracle of records/c1"],
  ["a call of last year", { at: "2025-12-31T15:59:59.999Z" }, "ERR_SETTLEMENT_PERIOD: records/c1"],
  ["a call of a later month", { at: "2026-11-30T16:00:00.000Z" }, "ERR_SETTLEMENT_PERIOD: records/c1"],
])("F1: %s is refused by the name of its record", (_, change, expected) => {
  expect(refusal(() => uses([{ ...RECORD, ...change }]))).toContain(expected);
});

test("C11: days, months and years are those of Asia/Shanghai, which the time zone database counts alike", () => {
  expect(chinaYear("2026-12-31T15:59:59.999Z")).toBe("2026");
  expect(chinaYear("2026-12-31T16:00:00.000Z")).toBe("2027");
  expect(chinaMonth("2026-10-31T16:00:00.000Z")).toBe("2026-11");
  const shanghai = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short" });
  fc.assert(
    fc.property(fc.date({ min: new Date("2000-01-01"), max: new Date("2099-12-31"), noInvalidDate: true }), (date) => {
      expect(chinaDay(date.toISOString())).toBe(shanghai.format(date));
    }),
  );
});

test("F1: records in any order, some of them repeated, give the same use", () => {
  const records = fc.array(
    fc.record({ id: fc.nat(20), caller: fc.constantFrom("bank", "shop"), day: fc.integer({ min: 1, max: 28 }) }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(records, fc.integer({ min: 0, max: 29 }), (list, turn) => {
      const written = list.map(({ id, caller, day }) => ({
        ...RECORD,
        id: `${caller}-${id}`,
        caller,
        at: `2026-11-${String(day).padStart(2, "0")}T00:00:00.000Z`,
      }));
      const turned = [...written.slice(turn), ...written.slice(0, turn), ...written.slice(0, 3)];
      expect(uses(turned)).toEqual(uses(written));
      const total = uses(written).reduce((sum, { quantity }) => sum + Number(quantity), 0);
      expect(total).toBe(new Set(written.map(({ id }) => id)).size);
    }),
  );
});
