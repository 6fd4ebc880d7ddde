/** Simulation: what would be if λ or use were other, and the points of the curves.
 *  @module */
import { expect, test } from "vitest";
import { exactText, figuresUnder, incomeCurve, priceCurve, simulatePrices, type Pricing } from "../src/index.ts";
import { CITY_PRODUCTS } from "./city-products.ts";
import { callProducts, costLine } from "./cost-fixture.ts";
import { priceInput, pricingOf } from "./price-fixture.ts";

const ceilings = ({ products }: Pricing) => [...products.values()].map(({ ceiling }) => exactText(ceiling.value));

test("G20: if one product's λ goes to 3, the others' ceilings fall by the common factor, as if it had been assessed so", () => {
  const { before, after } = simulatePrices(priceInput(), { lambdas: [{ product: "credit-api", lambda: "3" }] });
  expect(ceilings(before)[0]).toBe("1.14905424");
  expect(after.capped.factor === undefined ? "" : exactText(after.capped.factor.value)).toBe("0.447513812443");
  const person = { resource: "r", field: "id", grade: "general-1", locates: "person" } as const;
  const assessed = CITY_PRODUCTS.map(({ id }) => ({
    product: id,
    fields: [id === "credit-api" ? person : { ...person, locates: "none" }],
    value: { factor: id === "credit-api" ? "2" : "1", reason: "x", evidence: "E" },
  }));
  expect(ceilings(after)).toEqual(ceilings(pricingOf({ assessments: assessed })));
  const given = figuresUnder(after.capped.income).flatMap(({ line }) => line ?? []);
  expect(given).toContain("simulation/lambdas/credit-api");
});

test("if use is half of the estimate, units cost twice as much and the permitted income stays", () => {
  const { before, after } = simulatePrices(priceInput(), { useOfAll: "0.5" });
  const costs = ({ products }: Pricing) => [...products.values()].map(({ unitCost }) => exactText(unitCost.value, 2));
  expect(costs(before)).toEqual(["1.00", "10.00", "0.001", "1.00", "10000.00"]);
  expect(costs(after)).toEqual(["2.00", "20.00", "0.002", "2.00", "20000.00"]);
  expect(after.permitted.rMax.value.eq(before.permitted.rMax.value)).toBe(true);
});

test("G9: calls of a source's interface follow the use that is supposed, other costs do not", () => {
  const expense = { kind: "calls", calls: "1000", unitPrice: "0.50" };
  const line = (product: string) => costLine(product, { class: "acquisition-query", resource: "r1", product, expense });
  const products = callProducts([
    ["a", "1000", "r1"],
    ["b", "1000", "r1"],
  ]);
  const input = priceInput({ costs: { year: "2026", lines: [line("a"), line("b")] } }, products);
  const { after } = simulatePrices(input, { uses: [{ product: "a", multiple: "0.5" }] });
  const costs = [...after.products.values()].map(({ cost, unitCost }) =>
    [cost.total, unitCost].map((it) => exactText(it.value)),
  );
  // 500 calls at 0.50 over 500 units, beside 1 000 at 0.50 over 1 000.
  expect(costs).toEqual([
    ["250", "0.5"],
    ["500", "0.5"],
  ]);
  expect(figuresUnder(after.costs.total).flatMap(({ line: from }) => from ?? [])).toContain("simulation/a");
});

test("use of one product goes before use of all, and a supposition changes nothing but what it names", () => {
  const { after } = simulatePrices(priceInput(), { useOfAll: "0.5", uses: [{ product: "credit-api", multiple: "1" }] });
  // 1 620 000 over 1 000 000 + 310 000 units.
  expect(exactText(after.products.get("credit-api")?.cost.total.value ?? after.rate.value)).toBe("1236641.22");
  const { before, after: same } = simulatePrices(priceInput(), {});
  expect(ceilings(same)).toEqual(ceilings(before));
});

test("the curves: a price falls as its use grows, and income at fixed ceilings grows with use beside what is permitted", () => {
  const points = priceCurve(priceInput(), "city-report", ["0.5", "1", "2"]);
  expect(points.map(({ use, unitCost }) => [exactText(use), exactText(unitCost)])).toEqual([
    // 200 000, 400 000 and 800 000 of 1 420 000, 1 620 000 and 2 020 000 units.
    ["20", "11408.4505"],
    ["40", "10000"],
    ["80", "8019.802"],
  ]);
  const income = incomeCurve(pricingOf(), ["0", "0.5", "1", "1.2"]);
  expect(income.map(({ actual }) => exactText(actual))).toEqual(["0", "930733.9344", "1861467.8688", "2233761.44256"]);
  expect(new Set(income.map(({ permitted }) => exactText(permitted)))).toEqual(new Set(["1861467.87"]));
});

test.each<[string, unknown, string, RegExp]>([
  [
    "G20: a λ above 3",
    { lambdas: [{ product: "corpus", lambda: "3.01" }] },
    "ERR_SETTLEMENT_REFUSED",
    /^simulation\/lambdas\/corpus .*G20/,
  ],
  [
    "G20: a λ below 1",
    { lambdas: [{ product: "corpus", lambda: "0.99" }] },
    "ERR_SETTLEMENT_REFUSED",
    /^simulation\/lambdas\/corpus .*G20/,
  ],
  ["no use", { useOfAll: "0" }, "ERR_SETTLEMENT_INPUT", /^simulation\/useOfAll/],
  [
    "a negative use",
    { uses: [{ product: "corpus", multiple: "-1" }] },
    "ERR_SETTLEMENT_INPUT",
    /^simulation\/uses\/0\/multiple/,
  ],
  ["a thousandfold use and more", { useOfAll: "1000.1" }, "ERR_SETTLEMENT_INPUT", /at most 1000/],
  [
    "an unknown product",
    { uses: [{ product: "other", multiple: "1" }] },
    "ERR_SETTLEMENT_MISSING",
    /^products\/other /,
  ],
  [
    "a product twice",
    {
      lambdas: [
        { product: "corpus", lambda: "1" },
        { product: "corpus", lambda: "2" },
      ],
    },
    "ERR_SETTLEMENT_TWICE",
    /^simulation\/lambdas\/corpus /,
  ],
  ["an unknown supposition", { yield: "9" }, "ERR_SETTLEMENT_INPUT", /^simulation/],
])("%s cannot be supposed", (_, simulation, code, message) => {
  expect(() => simulatePrices(priceInput(), simulation)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
  );
});
