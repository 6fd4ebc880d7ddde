/** The walk's statement: whether a use is free follows from its scene, and from nothing that the statement makes up.
 *  @module */
import type { PriceRule, Receipt } from "@sluice/protocol";
import { monthlyStatement } from "@sluice/settlement";
import { expect, test } from "vitest";
import { inclusiveCredit } from "../src/demo/products/inclusive-credit.ts";
import { priceOf, type SceneSpec } from "../src/demo/scene.ts";
import { settlementContent } from "../src/demo/statement.ts";
import { readSettlementFile, rulesOf } from "../src/settle/settlement-file.ts";

const PAID = inclusiveCredit(1_000);
const { price: _, ...UNPRICED } = PAID;

function receiptAt(price: PriceRule): Receipt {
  const hash = "11".repeat(32);
  const hashes = {
    grant: "ab".repeat(32),
    policy: hash,
    bundle: hash,
    snapshot: hash,
    party: hash,
    request: hash,
    answer: hash,
  };
  return {
    ...hashes,
    type: "receipt",
    callId: "00".repeat(16),
    operation: "lookup.query",
    domain: "hrss",
    scene: "credit",
    product: "credit",
    version: 1,
    quantity: { unit: "pir-query", amount: "3" },
    price,
    layers: [],
    at: "2026-11-10T00:00:00.000Z",
  };
}

function statementOf(spec: SceneSpec) {
  const called = [{ receipt: receiptAt(priceOf(spec)), caller: "river-bank" }];
  const month = "2026-11";
  const file = readSettlementFile(
    settlementContent(called, [{ product: "credit", spec }], { callers: new Map(), month }),
  );
  const uses = [{ caller: "river-bank", product: "credit", quantity: "3", before: "0" }];
  return monthlyStatement({ ...file, month, uses }, rulesOf(file, month)).lines.map(({ purpose, amount }) => [
    purpose,
    amount.value.toFixed(2),
  ]);
}

test("a scene with a price is paid for its own purpose, one that says why it is free is free", () => {
  expect(statementOf(PAID)).toEqual([["inclusive-credit", "1.50"]]);
  const free = { purpose: "public-governance", uses: ["policy-making"], agreement: "gy-1" } as const;
  expect(statementOf({ ...UNPRICED, free })).toEqual([["public-governance", "0.00"]]);
  expect(() => statementOf({ ...UNPRICED, free: { ...free, uses: ["marketing"] } })).toThrow("C10");
});

test("a scene without a price that does not say why makes no free statement", () => {
  expect(() => statementOf(UNPRICED)).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_MISSING" }));
});
