/** Receipts as usage: which of them are metered, what they come to, and where a statement differs from them.
 *  @module */
import type { Operation, PriceRule, Receipt, Unit } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  againstReceipts,
  exactText,
  isMetered,
  meteredCalls,
  monthlyUses,
  receiptSums,
  receiptTotal,
  recordOfReceipt,
  type CalledReceipt,
} from "../src/index.ts";
import { LICENCE, november, PRODUCT, TARIFF } from "./statement-fixture.ts";

function called(
  id: number,
  operation: Operation,
  [unit, amount]: [Unit, string],
  price: PriceRule,
  caller = "bank",
): CalledReceipt {
  const receipt: Receipt = {
    type: "receipt",
    callId: id.toString(16).padStart(32, "0"),
    operation,
    domain: "hrss",
    grant: "11".repeat(32),
    scene: "p",
    policy: "22".repeat(32),
    product: "p",
    version: 1,
    bundle: "33".repeat(32),
    snapshot: "44".repeat(32),
    party: "55".repeat(32),
    request: "66".repeat(32),
    answer: "77".repeat(32),
    quantity: { unit, amount },
    price,
    layers: [],
    at: "2026-11-10T00:00:00.000Z",
  };
  return { receipt, caller };
}

const FREE: PriceRule = { kind: "free", reason: "a duty" };

function per(unit: Unit, amount: string): PriceRule {
  return { kind: "per-unit", unit, amount, currency: "CNY" };
}

test("F1: of a lookup one operation is metered, the one that the price names or that answers; runs never are", () => {
  const evaluate: [Unit, string] = ["oprf-element", "3"];
  const query: [Unit, string] = ["pir-query", "1"];
  const metered = (operation: Operation, quantity: [Unit, string], price: PriceRule) =>
    isMetered(called(1, operation, quantity, price).receipt);
  expect([metered("lookup.evaluate", evaluate, FREE), metered("lookup.query", query, FREE)]).toEqual([false, true]);
  const byQuery = per("pir-query", "1");
  expect([metered("lookup.evaluate", evaluate, byQuery), metered("lookup.query", query, byQuery)]).toEqual([
    false,
    true,
  ]);
  const byElement = per("oprf-element", "1");
  expect([metered("lookup.evaluate", evaluate, byElement), metered("lookup.query", query, byElement)]).toEqual([
    true,
    false,
  ]);
  expect(metered("psi.sum", ["psi-element", "16"], FREE)).toBe(true);
  for (const operation of ["develop", "build"] as const) {
    expect(metered(operation, ["run", "1"], FREE)).toBe(false);
    expect(metered(operation, ["run", "1"], per("run", "9"))).toBe(false);
  }
});

test("F1: a statement made from receipts agrees with them; another price, a missing or a further call is listed", () => {
  const price = per("score-row", "0.333");
  const receipts = [called(1, "score", ["score-row", "100"], price), called(2, "score", ["score-row", "3"], price)];
  const statementOf = (list: CalledReceipt[], tier = "0.333") => {
    const records = list.flatMap((one) => recordOfReceipt(one) ?? []);
    const uses = monthlyUses(meteredCalls(records, [PRODUCT]), "2026-11");
    return november({ uses, licences: [LICENCE], tariffs: [{ ...TARIFF, tiers: [{ above: "0", price: tier }] }] });
  };
  const sums = receiptSums([...receipts, ...receipts]);
  expect(sums.map(({ yuan }) => exactText(yuan))).toEqual(["34.299"]);
  const statement = statementOf(receipts);
  expect(againstReceipts(statement, sums)).toEqual([]);
  expect(receiptTotal(statement, sums)).toBe(3_430n);
  expect(againstReceipts(statementOf(receipts, "0.334"), sums)).toEqual([
    { caller: "bank", product: "p", statement: 3_440n, receipts: 3_430n },
  ]);
  expect(againstReceipts(statementOf(receipts.slice(1)), sums)).toHaveLength(1);
  expect(
    againstReceipts(statement, receiptSums([...receipts, called(3, "score", ["score-row", "9"], price, "shop")])),
  ).toEqual([{ caller: "shop", product: "p", statement: null, receipts: 300n }]);
});

test("F1: two receipts of one call that charge differently are refused", () => {
  const price = per("score-row", "1");
  const one = called(1, "score", ["score-row", "1"], price);
  const elsewhere = { ...one, receipt: { ...one.receipt, domain: "health", product: "q" } };
  expect(receiptSums([one, elsewhere, { ...one, caller: "shop" }]).map(({ yuan }) => exactText(yuan))).toEqual([
    "1",
    "1",
    "1",
  ]);
  const again = { ...one, receipt: { ...one.receipt, at: "2026-11-30T16:00:00.000Z" } };
  expect([receiptSums([again, one], "2026-11").length, receiptSums([one, again], "2026-12").length]).toEqual([1, 0]);
  for (const second of [called(1, "score", ["score-row", "2"], price), called(1, "score", ["score-row", "1"], FREE)]) {
    expect(() => receiptSums([called(1, "score", ["score-row", "1"], price), second])).toThrow(
      expect.objectContaining({ code: "ERR_SETTLEMENT_CALL" }),
    );
  }
});

test("F1: an answer priced by a unit that no operation of its kind has is refused, not given away", () => {
  for (const [operation, unit, price] of [
    ["score", "score-row", "pir-query"],
    ["lookup.query", "pir-query", "score-row"],
    ["report", "report", "run"],
  ] as const) {
    const priced = called(1, operation, [unit, "1"], per(price, "1"));
    expect(() => receiptSums([priced])).toThrow(
      expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED", message: expect.stringContaining("F1") as string }),
    );
    expect(() => recordOfReceipt(priced)).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED" }));
  }
});
