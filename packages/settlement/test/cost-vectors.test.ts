/** Costs against the tables that were worked by hand.
 *  @module */
import { expect, test } from "vitest";
import { exactText, type Figure } from "../src/index.ts";
import { CITY_PRODUCTS } from "./city-products.ts";
import { accountOf, accountsOf, callProducts, costLine } from "./cost-fixture.ts";
import { vectorTable } from "./vector-tables.ts";

function yuan(figure: Figure | undefined): string {
  return figure === undefined ? "0.00" : exactText(figure.value, 2);
}

const EXPENSES: Readonly<Record<string, object>> = {
  "acquisition-push": { resource: "r1", expense: { kind: "fee" } },
  circulation: { expense: { kind: "construction", inServiceSince: "2026" } },
  "operating-common": { expense: { kind: "third-party", contract: { id: "k", value: "100.00" } } },
  "operating-specific": { product: "b", expense: { kind: "compliance" } },
};

for (const row of ["G8", "G11", "G12"]) {
  test.each(vectorTable("cost", row))(`${row}: $cost of $class is borne $A, $B and $C`, (vector) => {
    const name = vector["class"] ?? "";
    const { expense, ...rest } = EXPENSES[name] as { expense: object };
    // Construction counts an eighth in its first year.
    const amount = name === "circulation" ? "800.00" : vector["cost"];
    const { counted, shares } = accountOf({ class: name, ...rest, expense: { ...expense, amount } });
    expect(yuan(counted)).toBe(vector["cost"]);
    for (const product of ["A", "B", "C"]) {
      const share = shares.get(product.toLowerCase());
      expect(share === undefined ? "0" : yuan(share)).toBe(vector[product]);
      if (share !== undefined) expect(share.derivation?.rule.id).toBe(row);
    }
  });
}

test.each(vectorTable("cost", "G9"))("G9: $calls calls at $price cost $cost", (vector) => {
  const expense = { kind: "calls", calls: vector["calls"], unitPrice: vector["price"] };
  const { counted, shares } = accountOf({ class: "acquisition-query", resource: "r1", product: "a", expense });
  expect(yuan(counted)).toBe(vector["cost"]);
  expect([...shares].map(([product, share]) => [product, yuan(share)])).toEqual([["a", vector["cost"]]]);
});

test.each(vectorTable("cost", "G10"))("G10: $cost for $use units is $unit cost each", (vector) => {
  const products = callProducts([["one", vector["use"] ?? ""]]);
  const expense = { kind: "development", amount: vector["cost"] };
  const costs = accountsOf([costLine("x", { class: "development", product: "one", expense })], products);
  const unit = costs.products.get("one")?.unit;
  expect(unit === undefined ? "" : exactText(unit.value)).toBe(vector["unit cost"]);
});

test.each(vectorTable("cost", "G13"))("G13: $amount since $since charges $charged to $year", (vector) => {
  const { amount, since, year } = vector;
  const products = callProducts([["one", "1"]]).map((product) => ({ ...product, year: year ?? "" }));
  const line = {
    ...costLine("x", { class: "circulation", expense: { kind: "construction", amount, inServiceSince: since } }),
    year,
  };
  const costs = accountsOf([line], products, { year });
  expect(yuan(costs.lines[0]?.charged)).toBe(vector["charged"]);
  expect(yuan(costs.total)).toBe(vector["charged"]);
});

test.each(vectorTable("cost", "G14"))("G14: $kind of $amount counts $counted", (vector) => {
  const { kind, amount, used, price: municipalPrice } = vector;
  const { counted, excess } = accountOf({
    class: "circulation",
    expense: { kind, amount, used, municipalPrice, priceEvidence: "ZWY-2026" },
  });
  expect([yuan(counted), yuan(excess?.amount)]).toEqual([vector["counted"], vector["excess"]]);
});

test.each(vectorTable("cost", "G15"))("G15: labour of $amount counts $counted", (vector) => {
  const expense = {
    kind: "labour",
    amount: vector["amount"],
    post: "engineer",
    personMonths: vector["person-months"],
    governmentPrice: vector["government price"],
    priceEvidence: "ZFCG-2026",
  };
  const { counted, excess } = accountOf({ class: "operating-common", expense });
  expect([yuan(counted), yuan(excess?.amount)]).toEqual([vector["counted"], vector["excess"]]);
});

test.each(vectorTable("cost", "G16"))("G16: rent of $amount, filed as $filing, counts $counted", (vector) => {
  const expense = {
    kind: "rent",
    amount: vector["amount"],
    squareMetres: vector["square metres"],
    months: vector["months"],
    guidePrice: vector["guide price"],
    priceEvidence: "ZDJ-2026",
    ...(vector["filing"] === "-" ? {} : { leaseFiling: vector["filing"] }),
  };
  const { counted, excess } = accountOf({ class: "operating-common", expense });
  expect([yuan(counted), yuan(excess?.amount)]).toEqual([vector["counted"], vector["excess"]]);
});

test.each(vectorTable("cost", "G17"))("G17: a contract of $contract, tender $tender: $result", (vector) => {
  const tender = vector["tender"] === "-" ? {} : { tender: vector["tender"] };
  const contract = { id: "k", value: vector["contract"], ...tender };
  const account = () =>
    yuan(accountOf({ class: "operating-common", expense: { kind: "third-party", amount: "5.00", contract } }).counted);
  if (vector["result"] === "counts") expect(account()).toBe("5.00");
  else
    expect(account).toThrow(
      expect.objectContaining({
        code: "ERR_SETTLEMENT_REFUSED",
        message: "costs/line is refused by rule G17: a contract above the threshold needs its open tender",
      }),
    );
});

test.each(vectorTable("cost", "G18"))("G18: $subsidy of public money, $first counts and $second", (vector) => {
  const line = (id: string, amount?: string) =>
    costLine(id, { class: "development", product: "a", expense: { kind: "development", amount } });
  const costs = accountsOf([line("first", vector["first line"]), line("second", vector["second line"])], undefined, {
    subsidies: [{ id: "s", amount: vector["subsidy"], evidence: "CZ-1", lines: ["first", "second"] }],
  });
  expect(costs.lines.map(({ counted }) => yuan(counted))).toEqual([vector["first counts"], vector["second counts"]]);
});

test("G8, G10, G29: the worked example costs 1.00, 10.00, 0.001, 1.00 and 10 000.00 a unit", () => {
  const fee = costLine("fee", {
    class: "acquisition-push",
    resource: "enterprises",
    expense: { kind: "fee", amount: "1620000.00" },
  });
  const costs = accountsOf([fee], CITY_PRODUCTS);
  for (const vector of vectorTable("cost", "G29")) {
    const cost = costs.products.get(vector["product"] ?? "");
    expect(yuan(cost?.total)).toBe(vector["share"]);
    expect(cost?.unit === undefined ? "" : exactText(cost.unit.value)).toBe(vector["unit cost"]);
  }
  expect([...costs.products.values()].map(({ unit }) => yuan(unit))).toEqual([
    "1.00",
    "10.00",
    "0.001",
    "1.00",
    "10000.00",
  ]);
});
