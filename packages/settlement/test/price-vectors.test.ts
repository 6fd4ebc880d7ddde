/** Permitted income, profit rate and prices against the tables that were worked by hand.
 *  @module */
import { expect, test } from "vitest";
import {
  assessedCeilingOf,
  basePriceOf,
  cappedPrices,
  exact,
  exactText,
  permittedIncomeOf,
  profitRateOf,
  readProducts,
  sceneFactorOf,
  taxRatesOf,
  type Figure,
} from "../src/index.ts";
import { callProducts } from "./cost-fixture.ts";
import { futianRules } from "./city-products.ts";
import { assessmentOf, figureOf, priceInput, pricingOf, PROFIT } from "./price-fixture.ts";
import { vectorTable } from "./vector-tables.ts";

const rules = futianRules();
const text = (figure: Figure | undefined, places = 0) => (figure === undefined ? "-" : exactText(figure.value, places));

test.each(vectorTable("price", "G2"))(
  "G2, G4: C $C with R $R and surcharges of $surcharges permits $R_max",
  (vector) => {
    const tax = taxRatesOf({ percent: vector["surcharges"] ?? "", evidence: "SW-1" }, rules);
    const rate = figureOf(vector["R"] ?? "", "percent");
    const income = permittedIncomeOf(figureOf(vector["C"] ?? ""), { rate, tax, carryOver: undefined }, rules);
    expect({
      profit: text(income.profit, 2),
      VAT: text(income.vat, 2),
      "surcharge tax": text(income.surcharges, 2),
      R_max: text(income.rMax, 2),
    }).toEqual({
      profit: vector["profit"],
      VAT: vector["VAT"],
      "surcharge tax": vector["surcharge tax"],
      R_max: vector["R_max"],
    });
  },
);

test.each(vectorTable("price", "G3"))("G3: yield $yield with spread $spread is $result", (vector) => {
  const profit = {
    ...PROFIT,
    yieldPercent: vector["yield"],
    yieldOn: vector["yield on"],
    spreadPercent: vector["spread"],
  };
  const read = () => priceInput({ profit, filedOn: vector["filed on"] });
  if (vector["result"] === "refused") {
    expect(read).toThrow(
      expect.objectContaining({
        code: "ERR_SETTLEMENT_REFUSED",
        message: expect.stringMatching(/^profit\/\w+ is refused by rule G3: the (?:yield|spread) is/) as string,
      }),
    );
    return;
  }
  const input = read();
  const rate = profitRateOf(input.profit, input.rules);
  expect(text(rate)).toBe(vector["result"]);
  expect(rate.derivation?.inputs[0]).toMatchObject({ evidence: "CCDC-2025" });
  expect(rate.derivation?.inputs[0]?.label.en).toContain(vector["yield on"]);
});

test.each(vectorTable("price", "G5"))("G5: $p1 × $q1 and $p2 × $q2 within $R_max", (vector) => {
  const list = ["1", "2"].map((n) => ({
    product: n,
    price: figureOf(vector[`p${n}`] ?? "", "unit-price"),
    use: figureOf(vector[`q${n}`] ?? "", "use"),
  }));
  const { factor, prices, income } = cappedPrices(list, figureOf(vector["R_max"] ?? ""), rules);
  expect([text(factor), text(prices.get("1")), text(prices.get("2")), text(income)]).toEqual([
    vector["factor"],
    vector["new p1"],
    vector["new p2"],
    vector["income"],
  ]);
});

test.each(vectorTable("price", "G19"))("G19: a unit with R $R has the base price $P", (vector) => {
  const tax = taxRatesOf({ percent: vector["surcharges"] ?? "", evidence: "SW-1" }, rules);
  const cost = figureOf(vector["unit cost"] ?? "", "unit-price");
  expect(text(basePriceOf(cost, figureOf(vector["R"] ?? "", "percent"), tax, rules))).toBe(vector["P"]);
});

test.each(vectorTable("price", "G20"))("G20: fields $fields with value $f2", (vector) => {
  const fields = (vector["fields"] ?? "").split(", ").map((word, i) => {
    const locates = word === "person" || word === "enterprise" ? word : "none";
    const grade = (locates === "none" ? word : "general-1") as "core";
    return { resource: "r", field: `f${i}`, grade, locates } as const;
  });
  const value = { factor: vector["f2"] ?? "", reason: "worth", evidence: "PG-1" };
  const { sensitivity, lambda } = sceneFactorOf({ product: "p", fields, value }, rules);
  expect([text(sensitivity), text(lambda)]).toEqual([vector["f1"], vector["λ"]]);
});

test.each(vectorTable("price", "G21"))("G21: own ceiling $own against a third party's", (vector) => {
  const third = vector["third party"] ?? "-";
  const assessment = {
    ...assessmentOf("p"),
    fields: [...assessmentOf("p").fields],
    ...(third === "-" ? {} : { thirdParty: { ceiling: third, by: "an assessor", on: "2026-01-10", evidence: "PG-2" } }),
  };
  const base = figureOf(vector["P"] ?? "", "unit-price");
  const ceilings = assessedCeilingOf(base, figureOf(vector["λ"] ?? "", "factor"), assessment, rules);
  expect([text(ceilings.self), text(ceilings.thirdParty), text(ceilings.assessed)]).toEqual([
    vector["own"],
    third,
    vector["ceiling"],
  ]);
});

test("G2, G5, G10, G19: the worked example from cost to ceilings", () => {
  const { products, permitted, capped } = pricingOf();
  const list = [...products.values()];
  expect(list.map(({ unitCost }) => text(unitCost, 2))).toEqual(["1.00", "10.00", "0.001", "1.00", "10000.00"]);
  expect(list.map(({ base }) => text(base))).toEqual([
    "1.14905424",
    "11.4905424",
    "0.00114905424",
    "1.14905424",
    "11490.5424",
  ]);
  expect(text(permitted.rMax)).toBe("1861467.87");
  expect(capped.factor).toBeUndefined();
  // 1 149 054.24 + 68 943.2544 + 68 943.2544 + 114 905.424 + 459 621.696
  expect(text(capped.income)).toBe("1861467.8688");
});

test.each(vectorTable("price", "G19-datasets"))("G19: $rows rows that cost $C keep their price", (row) => {
  const [calls] = callProducts([["calls", "1000000"]]);
  const estimate = [{ rows: row["rows"] ?? "", fields: "20", days: "30" }];
  const title = { zh: "数据集", en: "dataset" };
  const [dataset] = readProducts([{ id: "rows", title, form: "dataset", year: "2026", resources: [], estimate }]);
  const { products, permitted, capped } = pricingOf(
    {},
    calls === undefined || dataset === undefined ? [] : [calls, dataset],
    row["C"],
  );
  const [one, two] = [products.get("calls"), products.get("rows")];
  expect(
    [permitted.rMax, one?.unitCost, two?.unitCost, one?.base, two?.base, capped.income].map((it) => text(it)),
  ).toEqual([
    exactText(exact(row["R_max"] ?? "")),
    row["cost of a call"],
    row["cost of a row·field·day"],
    row["P of a call"],
    row["P of a row·field·day"],
    row["income at the ceilings"],
  ]);
});

test("G19, G21: a price that its places would round to zero is refused, and no other", () => {
  const estimate = [{ rows: "999999999999999", fields: "100", days: "30" }];
  const dataset = { id: "rows", title: { zh: "数据集", en: "dataset" }, form: "dataset", year: "2026" } as const;
  const products = [{ ...dataset, resources: [], estimate }];
  // 3·10¹⁸ units: at 10⁶ yuan one costs 3.3·10⁻¹³, at 2·10⁶ it costs 6.7·10⁻¹³, which is 10⁻¹².
  expect(() => pricingOf({}, products, "1000000.00")).toThrow(
    expect.objectContaining({
      code: "ERR_SETTLEMENT_REFUSED",
      message: expect.stringMatching(/^products\/rows .*G19/) as string,
    }),
  );
  expect(text(pricingOf({ carryOver: undefined }, callProducts([["a", "1"]]), "0.00").products.get("a")?.ceiling)).toBe(
    "0",
  );
  // Rounded up its base price is 10⁻¹², of which the common factor leaves nothing.
  expect(() => pricingOf({}, products, "2000000.00")).toThrow(
    expect.objectContaining({ message: expect.stringMatching(/^products\/rows .*G19/) as string }),
  );
});
