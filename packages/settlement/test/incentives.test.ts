/** Steps of use, the platform's fee and the source's incentive, against the vectors worked by hand.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  assumptionsUnder,
  callCounts,
  exactText,
  meteredCalls,
  platformInvoices,
  sourceIncentives,
  thresholdsPassed,
  type CallCount,
  FUTIAN_2025,
  rulesFor,
} from "../src/index.ts";
import { CITY_PRODUCTS, futianRules } from "./city-products.ts";
import { PRODUCT, refusal } from "./statement-fixture.ts";
import { vectorTable } from "./vector-tables.ts";

const rules = futianRules();

function bank(calls: bigint, year = "2026"): CallCount {
  return { caller: "bank", year, calls };
}

test.each(vectorTable("incentives", "C11"))("C11: from $before to $after calls: $events", (row) => {
  const passed = thresholdsPassed([bank(BigInt(row["before"] ?? ""))], [bank(BigInt(row["after"] ?? ""))], rules);
  const written = passed.map(({ kind, percent }) => `${kind} ${percent}`).join(" · ");
  expect(written === "" ? "–" : written).toBe(row["events"]);
  expect(passed.map(({ id }) => id)).toEqual(passed.map(({ percent }) => `bank/2026/${percent}`));
});

test("C11: however the calls of a year are cut into batches, each step is passed once; the next year begins anew", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 12 }), (batches) => {
      const ids: string[] = [];
      let calls = 0n;
      for (const batch of batches) {
        const after = calls + BigInt(batch);
        ids.push(...thresholdsPassed([bank(calls)], [bank(after)], rules).map(({ id }) => id));
        calls = after;
      }
      const due = [500_000n, 800_000n, 1_000_000n].filter((step) => calls > step).length;
      expect(ids).toEqual(["bank/2026/50", "bank/2026/80", "bank/2026/100"].slice(0, due));
    }),
  );
  const next = thresholdsPassed([bank(2_000_000n)], [bank(2_000_000n), bank(500_001n, "2027")], rules);
  expect(next.map(({ id }) => id)).toEqual(["bank/2027/50"]);
  expect(refusal(() => thresholdsPassed([bank(2n)], [bank(1n)], rules))).toBe(
    "ERR_SETTLEMENT_REFUSED: calls of bank/2026 is refused by rule C11: calls of a year do not become fewer",
  );
  expect(refusal(() => thresholdsPassed([bank(2n)], [], rules))).toContain("ERR_SETTLEMENT_REFUSED");
});

test("C11: two alerts of one height, however they are written, are one step, and the review stays a review", () => {
  const set = structuredClone(FUTIAN_2025);
  const threshold = set.parameters.useThreshold;
  if (threshold === undefined) throw new Error("Futian has a threshold");
  threshold.value.alertPercents = ["50", "50.0", "100.00"];
  const own = rulesFor({ sets: [set], jurisdiction: "futian", on: "2026-11-01" });
  const passed = thresholdsPassed([], [bank(1_000_001n)], own);
  expect(passed.map(({ kind }) => kind)).toEqual(["alert", "review"]);
});

test("C11: calls are those of one party over its products, by year in Asia/Shanghai, a retry once", () => {
  const record = { caller: "bank", product: "credit-api", outcome: "answered", use: { calls: "400000" } };
  const records = [
    { ...record, id: "a", at: "2026-12-31T15:59:59.999Z" },
    { ...record, id: "a", at: "2026-12-31T16:00:00.000Z" },
    { ...record, id: "b", product: "corpus", use: { quantity: "60000000" }, at: "2026-12-30T00:00:00.000Z" },
    { ...record, id: "c", at: "2026-12-31T16:00:00.000Z" },
    { ...record, id: "d", caller: "shop", at: "2026-06-01T00:00:00.000Z" },
  ];
  expect(callCounts(meteredCalls(records, CITY_PRODUCTS), CITY_PRODUCTS)).toEqual([
    { caller: "bank", year: "2026", calls: 400_001n },
    { caller: "bank", year: "2027", calls: 400_000n },
    { caller: "shop", year: "2026", calls: 400_000n },
  ]);
});

const title = { zh: "项目", en: "item" };
const AT = "2026-11-05T03:00:00.000Z";

test("G30: an invoice sums the metered events of each item at its price", () => {
  const table = vectorTable("incentives", "G30");
  const events = table.flatMap((row) =>
    (row["events"] ?? "").split(" · ").map((quantity, i) => ({
      id: `${row["item"]}-${i}`,
      partner: "lab",
      service: row["service"],
      item: row["item"],
      quantity,
      at: AT,
    })),
  );
  const prices = table.map(({ service, item, price }) => ({ service, item, title, price, evidence: "costs-2026" }));
  const other = { ...events[0], id: "of-another", partner: "other" };
  const input = { month: "2026-11", events: [...events, ...events, other], prices };
  const [lab, second, ...rest] = platformInvoices(input, rules);
  expect(rest).toEqual([]);
  expect(second).toMatchObject({ partner: "other", lines: [{ item: "cpu-hour" }] });
  expect(
    lab?.lines.map(({ service, item, quantity, amount }) => [
      service,
      item,
      exactText(quantity.value),
      exactText(amount.value, 2),
    ]),
  ).toEqual(
    table
      .toSorted((a, b) => (`${a["service"]}` < `${b["service"]}` ? -1 : 1))
      .map((row) => [row["service"], row["item"], row["metered"], row["amount"]]),
  );
  expect(lab && exactText(lab.total.value, 2)).toBe("503.34");
  expect(lab?.lines[0]?.amount.derivation?.inputs.find(({ unit }) => unit === "unit-price")?.evidence).toBe(
    "costs-2026",
  );
  expect(platformInvoices({ ...input, events: input.events.toReversed() }, rules)).toEqual([lab, second]);
});

const EVENT = { id: "e", partner: "lab", service: "result-export", item: "row", quantity: "1", at: AT };
const PRICE = { service: "result-export", item: "row", title, price: "1", evidence: "costs" };

test.each<[string, { events?: unknown; prices?: unknown; month?: string }, RegExp]>([
  [
    "a service that is not the platform's",
    { events: [{ ...EVENT, service: "catering" }] },
    /REFUSED: events\/e is refused by rule G30/,
  ],
  ["a price of such a service", { prices: [{ ...PRICE, service: "catering" }] }, /REFUSED: prices\/catering\/row/],
  ["an item without a price", { prices: [] }, /MISSING: prices\/result-export\/row is not given, and G30/],
  ["a price twice", { prices: [PRICE, PRICE] }, /TWICE: prices\/result-export\/row/],
  ["an id with two contents", { events: [EVENT, { ...EVENT, quantity: "2" }] }, /CALL: events\/e is given again/],
  ["an event of another month", { month: "2026-10" }, /PERIOD: events\/e is not of 2026-10/],
  ["a negative quantity", { events: [{ ...EVENT, quantity: "-1" }] }, /INPUT: events\/0 \(e\)\/quantity/],
  [
    "a price that rests on no cost account",
    { prices: [{ ...PRICE, evidence: undefined }] },
    /INPUT: prices\/0\/evidence/,
  ],
])("G30: %s is refused by the name of its line", (_, changes, expected) => {
  const input = { month: "2026-11", events: [EVENT], prices: [PRICE], ...changes };
  expect(refusal(() => platformInvoices(input, rules))).toMatch(expected);
});

const TERMS = {
  id: "agreement",
  resource: "enterprises",
  source: "market-supervision",
  year: "2026",
  baseFee: "50000.00",
  evidence: "agreement-5",
  steps: [
    { from: "80", bonus: "5" },
    { from: "100", bonus: "10" },
  ],
};

function usedProduct(estimate: string, actual: string) {
  return { ...PRODUCT, resources: ["enterprises"], estimate: [{ calls: estimate }], actual: [{ calls: actual }] };
}

test.each(vectorTable("incentives", "G31"))("G31: $actual of $estimate on a fee of $fee is $bonus", (row) => {
  const unused = { ...usedProduct("1", "1000000000"), id: "q", resources: ["other"] };
  const products = [usedProduct(row["estimate"] ?? "", row["actual"] ?? ""), unused];
  const [one] = sourceIncentives({ terms: [{ ...TERMS, baseFee: row["fee"] }], products }, rules);
  expect(one && exactText(one.fulfilment.value)).toBe(row["fulfilment"]);
  expect(one && exactText(one.bonus.value, 2)).toBe(row["bonus"]);
  expect(one && assumptionsUnder(one.bonus).map(({ id }) => id)).toContain("G31");
});

test("G31: use of all products made from a resource is normalised and added", () => {
  const products = CITY_PRODUCTS.map((product) => ({ ...product, actual: [{ quantity: "0" }] })).map((product) =>
    product.form === "report" ? { ...product, actual: [{ quantity: "130" }] } : product,
  );
  const [one] = sourceIncentives({ terms: [TERMS], products }, rules);
  // 130 × 10 000 of 1 620 000.
  expect(one && exactText(one.fulfilment.value)).toBe("80.246913");
  expect(one && exactText(one.bonus.value, 2)).toBe("2500.00");
});

test.each<[string, { terms?: unknown; products?: unknown }, RegExp]>([
  ["terms of another year", { terms: [{ ...TERMS, year: "2025" }] }, /PERIOD: terms\/agreement is not of 2026/],
  ["terms twice", { terms: [TERMS, { ...TERMS, id: "more" }] }, /TWICE: terms\/enterprises of market-supervision/],
  [
    "steps out of order",
    { terms: [{ ...TERMS, steps: TERMS.steps.toReversed() }] },
    /INPUT: terms\/0 \(agreement\)\/steps/,
  ],
  [
    "terms without their agreement",
    { terms: [{ ...TERMS, evidence: undefined }] },
    /INPUT: terms\/0 \(agreement\)\/evidence/,
  ],
  ["a negative fee", { terms: [{ ...TERMS, baseFee: "-1" }] }, /INPUT: terms\/0 \(agreement\)\/baseFee/],
  [
    "a resource that no product uses",
    { terms: [{ ...TERMS, resource: "trees" }] },
    /MISSING: a product that uses trees/,
  ],
  ["use that is not known", { products: CITY_PRODUCTS }, /MISSING: products\/credit-api\/actual/],
  ["an estimate of zero", { products: [usedProduct("0", "1")] }, /DIVISOR: terms\/agreement/],
])("G31: %s is refused by the name of its line", (_, changes, expected) => {
  const input = { terms: [TERMS], products: [usedProduct("10", "9")], ...changes };
  expect(refusal(() => sourceIncentives(input, rules))).toMatch(expected);
});
