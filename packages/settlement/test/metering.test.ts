/** Use of the five forms, normalised use, and what is refused, against the vectors worked by hand.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  exactText,
  figuresUnder,
  FORM_LABELS,
  FORMS,
  normalisedUse,
  quantityOf,
  readProducts,
  assumptionsUnder,
  type Form,
} from "../src/index.ts";
import { CITY_PRODUCTS, futianRules } from "./city-products.ts";
import { vectorTable } from "./vector-tables.ts";

const rules = futianRules();

/** `months 12 · objects 500` as a line of use. */
function useOf(text: string): Record<string, string> {
  return Object.fromEntries(text.split(" · ").map((factor) => factor.split(" ")));
}

function productOf(form: string, uses: readonly Record<string, string>[], actual?: readonly Record<string, string>[]) {
  const title = { zh: "产品", en: "product" };
  const more = actual === undefined ? {} : { actual };
  return { id: "p", title, form, year: "2026", resources: [], estimate: uses, ...more };
}

for (const [row, form] of FORMS.map((name): [string, Form] => [FORM_LABELS[name].row, name])) {
  const cases = vectorTable("metering", "G6").filter((vector) => vector["form"] === form);
  test.each(cases)(`${row}, G6: ${form} of $factors is $use`, (vector) => {
    const [product] = readProducts([productOf(form, [useOf(vector["factors"] ?? "")])]);
    if (product === undefined) throw new Error("no product was read");
    const figure = quantityOf(product, "estimate", rules);
    expect(vector["row"]).toBe(row);
    expect(exactText(figure.value)).toBe(vector["use"]);
    expect(figure.derivation?.rule).toEqual({ id: row, set: "futian-2025", source: "003 六(四)" });
    const given = figuresUnder(figure).filter(({ line }) => line !== undefined);
    expect(given.map(({ line, value }) => [line, exactText(value)])).toEqual(
      Object.entries(useOf(vector["factors"] ?? "")).map(([name, text]) => [`products/p/estimate/0/${name}`, text]),
    );
  });
}

test("G7: the worked example has 1 620 000 units of normalised use", () => {
  const { of, total } = normalisedUse(CITY_PRODUCTS, "estimate", rules);
  const vectors = vectorTable("metering", "G7");
  for (const product of CITY_PRODUCTS) {
    const vector = vectors.find(({ form }) => form === product.form);
    const figure = of.get(product.id);
    expect(figure === undefined ? "" : exactText(figure.value)).toBe(vector?.["K·v"]);
    const [coefficient, quantity] = figure?.derivation?.inputs ?? [];
    expect(coefficient === undefined ? "" : exactText(coefficient.value)).toBe(vector?.["K"]);
    expect(quantity === undefined ? "" : exactText(quantity.value)).toBe(vector?.["use"]);
  }
  expect(exactText(total.value)).toBe("1620000");
  expect(exactText(total.value)).toBe(vectors.find(({ form }) => form === "sum")?.["K·v"]);
  expect(assumptionsUnder(total).map(({ id }) => id)).toEqual(["G7"]);
});

test("G7: V does not depend on the order of products, and is the sum of what each product's lines are alone", () => {
  const line = fc.record({ rows: fc.nat(10 ** 9), fields: fc.nat(100), days: fc.nat(366) });
  fc.assert(
    fc.property(fc.array(fc.array(line, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }), (lists) => {
      const products = readProducts(
        lists.map((list, i) => ({
          ...productOf(
            "dataset",
            list.map(({ rows, fields, days }) => ({ rows: `${rows}`, fields: `${fields}`, days: `${days}` })),
          ),
          id: `p${i}`,
        })),
      );
      const { total } = normalisedUse(products, "estimate", rules);
      const thousandths = lists.flat().reduce((sum, l) => sum + BigInt(l.rows) * BigInt(l.fields) * BigInt(l.days), 0n);
      expect(BigInt(total.value.shiftedBy(3).toFixed(0))).toBe(thousandths);
      expect(normalisedUse(products.toReversed(), "estimate", rules).total.value.eq(total.value)).toBe(true);
    }),
  );
});

test("G6: actual use adds factors and what receipts measured; no line is no use, and use that is not known is not zero", () => {
  const read = (actual?: readonly Record<string, string>[]) => {
    const [product] = readProducts([productOf("report", [{ dimensions: "4", reports: "10" }], actual)]);
    if (product === undefined) throw new Error("no product was read");
    return exactText(quantityOf(product, "actual", rules).value);
  };
  expect(read([{ dimensions: "4", reports: "2" }, { quantity: "7" }])).toBe("15");
  expect(read([])).toBe("0");
  expect(() => read()).toThrow(
    expect.objectContaining({
      code: "ERR_SETTLEMENT_MISSING",
      message: "products/p/actual is not given, and F5 needs it",
    }),
  );
});

test.each<[string, unknown, string, RegExp]>([
  [
    "a negative factor",
    productOf("api", [{ calls: "-1" }]),
    "ERR_SETTLEMENT_INPUT",
    /products\/0 \(p\)\/estimate\/0\/calls/,
  ],
  ["NaN", productOf("api", [{ calls: "NaN" }]), "ERR_SETTLEMENT_INPUT", /estimate\/0\/calls/],
  ["a number that is not text", productOf("api", [{ calls: 1 } as never]), "ERR_SETTLEMENT_INPUT", /calls/],
  ["half a call", productOf("api", [{ calls: "0.5" }]), "ERR_SETTLEMENT_INPUT", /calls/],
  ["13 months", productOf("alert", [{ months: "13", objects: "1" }]), "ERR_SETTLEMENT_INPUT", /months.*at most 12/],
  [
    "367 days",
    productOf("dataset", [{ rows: "1", fields: "1", days: "367" }]),
    "ERR_SETTLEMENT_INPUT",
    /days.*at most 366/,
  ],
  [
    "factors of another form",
    productOf("label", [{ dimensions: "1", reports: "1" }]),
    "ERR_SETTLEMENT_INPUT",
    /estimate\/0/,
  ],
  ["an unknown form", productOf("oracle", [{ calls: "1" }]), "ERR_SETTLEMENT_INPUT", /products\/0 \(p\)\/form/],
  ["no estimate", productOf("api", []), "ERR_SETTLEMENT_INPUT", /estimate/],
  ["a measured total as an estimate", productOf("api", [{ quantity: "1" }]), "ERR_SETTLEMENT_INPUT", /estimate\/0/],
])("G6: %s is refused by the name of its line", (_, product, code, message) => {
  expect(() => readProducts([product])).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
  );
});

test("G6: a product given twice, and products of two years, are refused", () => {
  const product = productOf("api", [{ calls: "1" }]);
  expect(() => readProducts([product, product])).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_TWICE", message: "products/p is given twice" }),
  );
  expect(() => readProducts([product, { ...product, id: "q", year: "2027" }])).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_PERIOD", message: "products/q is not of 2026" }),
  );
  expect(() => readProducts([])).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }));
});
