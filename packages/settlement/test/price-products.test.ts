/** Pricing as a whole: the cap always wins, order does not matter, every assumption and evidence is carried along, and what does not fit is
 *  refused by the name of its line.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  assumptionsUnder,
  exactText,
  figuresUnder,
  grantedFields,
  incomeOf,
  priceProducts,
  readPriceInput,
  roundingsUnder,
  RULE_SETS,
} from "../src/index.ts";
import { CITY_PRODUCTS } from "./city-products.ts";
import { callProducts, costLine } from "./cost-fixture.ts";
import { assessmentOf, PLAIN_FIELD, priceFile, pricingOf, PROFIT } from "./price-fixture.ts";

const PERSON = { ...PLAIN_FIELD, field: "id_number", locates: "person" } as const;

function assessments(changes: Readonly<Record<string, object>>) {
  return CITY_PRODUCTS.map(({ id }) => ({ ...assessmentOf(id), ...changes[id] }));
}

test("G5, G20, G21: λ of 3 for one product scales all prices by one factor, which is shown", () => {
  const { products, capped, permitted } = pricingOf({
    assessments: assessments({
      "credit-api": { fields: [PERSON], value: { factor: "2", reason: "high", evidence: "PG-9" } },
    }),
  });
  const api = products.get("credit-api");
  expect(api === undefined ? "" : exactText(api.self.value)).toBe("3.44716272");
  // 1 861 467.87 ÷ (3 447 162.72 + 712 413.6288)
  expect(capped.factor === undefined ? "" : exactText(capped.factor.value)).toBe("0.447513812443");
  expect(capped.before.value.toFixed()).toBe("4159576.3488");
  expect(api === undefined ? "" : exactText(api.ceiling.value)).toBe("1.542652930939");
  expect(capped.income.value.lte(permitted.rMax.value)).toBe(true);
});

/** Prices, or null where a third party's ceiling is so high that the common factor leaves nothing of another price (G19). */
function pricedOrRefused(...file: Parameters<typeof pricingOf>) {
  try {
    return pricingOf(...file);
  } catch (error) {
    if (String(error).includes("G19")) return null;
    throw error;
  }
}

test("G5: Σ p·q never passes R_max, whatever the costs, uses and assessments, and in any order", () => {
  const use = fc.integer({ min: 1, max: 10 ** 9 }).map(String);
  const factor = fc.constantFrom("1", "1.5", "2");
  const reach = fc.constantFrom("none", "enterprise", "person");
  const third = fc.option(
    fc.integer({ min: 0, max: 10 ** 9 }).map((n) => `${Math.floor(n / 1000)}.${String(n % 1000).padStart(3, "0")}`),
  );
  const fen = fc.integer({ min: 1, max: 10 ** 10 });
  fc.assert(
    fc.property(fc.array(fc.tuple(use, factor, reach, third), { minLength: 1, maxLength: 4 }), fen, (list, cost) => {
      const products = callProducts(list.map(([calls], i) => [`p${i}`, calls]));
      const assessed = list.map(([, f2, locates, ceiling], i) => ({
        product: `p${i}`,
        fields: [{ ...PLAIN_FIELD, locates }],
        value: { factor: f2, reason: "x", evidence: "E" },
        ...(ceiling === null ? {} : { thirdParty: { ceiling, by: "x", on: "2026-01-01", evidence: "E" } }),
      }));
      const yuan = `${Math.floor(cost / 100)}.${String(cost % 100).padStart(2, "0")}`;
      const forward = pricedOrRefused({ assessments: assessed }, products, yuan);
      const backward = pricedOrRefused({ assessments: assessed.toReversed() }, products.toReversed(), yuan);
      if (forward === null || backward === null) {
        expect(forward).toBe(backward);
        return;
      }
      expect(forward.capped.income.value.lte(forward.permitted.rMax.value)).toBe(true);
      const filed = [...forward.products].map(
        ([
          product,
          {
            ceiling,
            cost: { use: q },
          },
        ]) => ({ product, price: ceiling, use: q }),
      );
      expect(incomeOf(filed, forward.rules).value.eq(forward.capped.income.value)).toBe(true);
      for (const { ceiling, assessed: most } of forward.products.values())
        expect(ceiling.value.lte(most.value)).toBe(true);
      for (const [id, { ceiling }] of forward.products) {
        expect(backward.products.get(id)?.ceiling.value.eq(ceiling.value)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test("G24: the last period's excess is taken off, no further than to nothing, and the rest is shown", () => {
  const carried = (amount: string) => pricingOf({ carryOver: { amount, evidence: "JS-2025" } }).permitted;
  const some = carried("61467.87");
  expect([exactText(some.rMax.value, 2), exactText(some.carryOver?.left.value ?? some.rMax.value)]).toEqual([
    "1800000.00",
    "0",
  ]);
  const all = carried("2000000.00");
  expect([exactText(all.rMax.value), exactText(all.carryOver?.left.value ?? all.rMax.value)]).toEqual([
    "0",
    "138532.13",
  ]);
  const { products } = pricingOf({ carryOver: { amount: "2000000.00", evidence: "JS-2025" } });
  expect([...products.values()].every(({ ceiling }) => ceiling.value.isZero())).toBe(true);
});

test("G20: f1 follows the fields that the grant names: its key, its join columns and what jobs read", () => {
  const field = (name: string, role: "direct" | "quasi" | "other", grade: "general-1" | "important" = "general-1") =>
    ({ name, title: name, type: "text", role, grade }) as const;
  const resource = {
    resource: "enterprises",
    fields: [
      field("code", "direct"),
      field("phone", "direct"),
      field("town", "quasi"),
      field("tax", "other", "important"),
    ],
  };
  const need = (name: string) => ({ name, need: "score" });
  const grant = { resource: "enterprises", key: "code", fields: [need("tax"), need("town")] };
  expect(grantedFields(grant, resource, "enterprise").map(({ field: name, locates }) => [name, locates])).toEqual([
    ["code", "enterprise"],
    ["tax", "none"],
    ["town", "none"],
  ]);
  const joined = grantedFields({ ...grant, joinFields: ["phone"] }, resource, "person");
  expect(joined.filter(({ locates }) => locates === "person").map(({ field: name }) => name)).toEqual([
    "code",
    "phone",
  ]);
  expect(joined.find(({ field: name }) => name === "tax")?.grade).toBe("important");
  const { products } = pricingOf({ assessments: assessments({ corpus: { fields: joined } }) });
  expect(products.get("corpus")?.scene.sensitivity.value.toFixed()).toBe("1.5");
  expect(() => grantedFields({ ...grant, key: "uscc" }, resource, "person")).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_MISSING" }),
  );
  expect(() => grantedFields({ ...grant, resource: "persons" }, resource, "person")).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_MISSING" }),
  );
});

test("a ceiling carries its evidence, its roundings and what is assumed", () => {
  const [api] = [...pricingOf({ assessments: assessments({ corpus: { fields: [PERSON] } }) }).products.values()];
  if (api === undefined) throw new Error("there is no price");
  const evidence = new Set(figuresUnder(api.ceiling).flatMap((figure) => figure.evidence ?? []));
  expect([...evidence].toSorted()).toEqual(["CCDC-2025", "FP-all", "PG-1", "SW-1"]);
  expect(assumptionsUnder(api.ceiling).map(({ id }) => id)).toEqual(
    expect.arrayContaining(["G5", "G7", "G10", "G19", "G21"]),
  );
  expect(roundingsUnder(api.ceiling).map(({ figure }) => figure.id)).toEqual(
    expect.arrayContaining(["ceiling:credit-api", "self-assessed", "base", "unit-cost:credit-api", "profit", "vat"]),
  );
});

test("G3, G33: where the rate is approved, an approved rate is asked for and used", () => {
  const profit = { method: "approved", percent: "5", approval: "SZ-1" };
  const { rate } = priceProducts(readPriceInput(priceFile({ jurisdiction: "shuozhou", profit }), RULE_SETS));
  expect(exactText(rate.value)).toBe("5");
  expect(rate.derivation?.inputs[0]?.evidence).toBe("SZ-1");
  for (const file of [priceFile({ jurisdiction: "shuozhou" }), priceFile({ profit })]) {
    expect(() => readPriceInput(file, RULE_SETS)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^profit\/method is refused by rule G3/) as string }),
    );
  }
});

test("G24: where excess goes to the public pool it is not taken off a second time", () => {
  const carryOver = { amount: "100.00", evidence: "JS-2025" };
  const profit = { method: "approved", percent: "5", approval: "SZ-1" };
  expect(() => readPriceInput(priceFile({ jurisdiction: "shuozhou", profit, carryOver }), RULE_SETS)).toThrow(
    expect.objectContaining({ message: expect.stringMatching(/^price\/carryOver is refused by rule G24/) as string }),
  );
  expect(() => readPriceInput(priceFile({ carryOver }), RULE_SETS)).not.toThrow();
});

const idle = callProducts([
  ["one", "0"],
  ["two", "1"],
]);

test.each<[string, Readonly<Record<string, unknown>>, string, RegExp]>([
  [
    "G3: no source of the yield",
    { profit: { ...PROFIT, yieldSource: undefined } },
    "ERR_SETTLEMENT_INPUT",
    /profit\/yieldSource/,
  ],
  [
    "G3: a negative spread",
    { profit: { ...PROFIT, spreadPercent: "-1" } },
    "ERR_SETTLEMENT_INPUT",
    /profit\/spreadPercent/,
  ],
  ["G4: no rate of surcharges", { surcharges: { evidence: "SW-1" } }, "ERR_SETTLEMENT_INPUT", /surcharges\/percent/],
  [
    "G20: a value factor of 1.7",
    { assessments: assessments({ corpus: { value: { factor: "1.7", reason: "x", evidence: "E" } } }) },
    "ERR_SETTLEMENT_REFUSED",
    /^assessments\/corpus\/value .*G20/,
  ],
  [
    "G20: an unknown grade",
    { assessments: assessments({ corpus: { fields: [{ ...PERSON, grade: "secret" }] } }) },
    "ERR_SETTLEMENT_INPUT",
    /assessments\/2\/fields\/0\/grade/,
  ],
  [
    "G20: no field at all",
    { assessments: assessments({ corpus: { fields: [] } }) },
    "ERR_SETTLEMENT_INPUT",
    /assessments\/2\/fields/,
  ],
  [
    "a product without assessment",
    { assessments: assessments({}).slice(1) },
    "ERR_SETTLEMENT_MISSING",
    /^assessments\/credit-api /,
  ],
  [
    "an assessment of no product",
    { assessments: [...assessments({}), assessmentOf("other")] },
    "ERR_SETTLEMENT_MISSING",
    /^products\/other /,
  ],
  [
    "an assessment twice",
    { assessments: [...assessments({}), assessmentOf("corpus")] },
    "ERR_SETTLEMENT_TWICE",
    /^assessments\/corpus /,
  ],
  [
    "mixed years",
    {
      costs: {
        year: "2025",
        lines: [
          {
            ...costLine("x", {
              class: "development",
              product: "corpus",
              expense: { kind: "development", amount: "1.00" },
            }),
            year: "2025",
          },
        ],
      },
    },
    "ERR_SETTLEMENT_PERIOD",
    /^products\/credit-api /,
  ],
  ["a day before any rules", { filedOn: "2024-01-01" }, "ERR_SETTLEMENT_RULES", /futian/],
  [
    "no use of a product",
    { products: idle, assessments: idle.map(({ id }) => assessmentOf(id)) },
    "ERR_SETTLEMENT_DIVISOR",
    /^products\/one /,
  ],
])("%s is refused by the name of its line", (_, more, code, message) => {
  expect(() => pricingOf(more)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
  );
});
