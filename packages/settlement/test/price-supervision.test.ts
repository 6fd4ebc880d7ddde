/** Filing, contracts, the yearly review, the end of a period, duties and disclosure, against the tables that were worked by hand.
 *  @module */
import { expect, test } from "vitest";
import {
  agreedPrice,
  closePeriod,
  costPublicity,
  costReport,
  exactText,
  fileCeilings,
  profitPlan,
  reviewYear,
  RULE_SETS,
  rulesFor,
  supervisionDuties,
  type Figure,
  type Filing,
  type Pricing,
} from "../src/index.ts";
import { CITY_PRODUCTS, futianRules } from "./city-products.ts";
import { callProducts, costLine } from "./cost-fixture.ts";
import { assessmentOf, figureOf, priceInput, pricingOf } from "./price-fixture.ts";
import { vectorTable } from "./vector-tables.ts";

const rules = futianRules();
const text = (figure: Figure | undefined, places = 0) => (figure === undefined ? "-" : exactText(figure.value, places));
const cell = (row: Readonly<Record<string, string>>, name: string) => row[name] ?? "";

function filingOf(pricing: Pricing, proposed?: unknown): Filing {
  const result = fileCeilings(pricing, "filing-2026", proposed);
  if (result.kind === "refused") throw new Error("the filing is refused");
  return result.filing;
}

/** The worked example with another R_max. */
function permitting(rMax: string, pricing = pricingOf()): Pricing {
  return { ...pricing, permitted: { ...pricing.permitted, rMax: figureOf(rMax) } };
}

const refused = (rule: string, line: RegExp) =>
  expect.objectContaining({
    code: "ERR_SETTLEMENT_REFUSED",
    message: expect.stringMatching(new RegExp(`^${line.source} is refused by rule ${rule}: `)) as string,
  }) as Error;

test("G22: a filing names its addressees, its rule sets, its assumptions and the factor that was used", () => {
  const third = { ceiling: "2", by: "an assessor", on: "2026-01-10", evidence: "PG-2" };
  const assessments = CITY_PRODUCTS.map(({ id }) => ({
    ...assessmentOf(id),
    ...(id === "corpus" ? { thirdParty: third } : {}),
  }));
  const pricing = pricingOf({ assessments });
  const filing = filingOf(pricing);
  expect(filing).toMatchObject({
    jurisdiction: "futian",
    filedOn: "2026-01-15",
    year: "2026",
    addressees: ["price-authority", "data-bureau"],
    sets: ["futian-2025"],
    commonFactor: { id: "common-factor" },
  });
  const corpus = filing.products.find(({ product }) => product === "corpus");
  expect([text(corpus?.self), text(corpus?.thirdParty), text(corpus?.assessed)]).toEqual(["0.00114905424", "2", "2"]);
  expect(corpus?.filed.value.lt(2)).toBe(true);
  expect(filing.assumptions.map(({ id }) => id)).toEqual(expect.arrayContaining(["G5", "G7"]));
  expect(filing.income.value.lte(filing.rMax.value)).toBe(true);
  const own = filing.products.map(({ product, filed }) => ({ product, ceiling: exactText(filed.value) }));
  expect(filingOf(pricing, own).commonFactor).toBeUndefined();
});

test("G5: a filing above R_max is refused and the excess shown; others within the same sum are accepted", () => {
  const pricing = pricingOf();
  const own = [...pricing.products].map(([product, { assessed }]) => ({ product, ceiling: exactText(assessed.value) }));
  expect(fileCeilings(permitting("1861467.86"), "f", own)).toMatchObject({
    kind: "refused",
    excess: { value: figureOf("0.0088").value },
  });
  expect(filingOf(permitting("1861467.87"), own).commonFactor).toBeUndefined();
  expect(
    text(
      filingOf(
        pricing,
        own.map((one) => ({ ...one, ceiling: "0.001" })),
      ).income,
    ),
  ).toBe("61106.04");
});

test.each<[string, (own: { product: string; ceiling: string }[]) => unknown, string, RegExp]>([
  [
    "above what was assessed",
    ([one, ...rest]) => [{ ...one, ceiling: "1.149055" }, ...rest],
    "ERR_SETTLEMENT_REFUSED",
    /^ceilings\/credit-api .*G21/,
  ],
  ["without a product", ([, ...rest]) => rest, "ERR_SETTLEMENT_MISSING", /^ceilings\/credit-api /],
  ["with a product twice", (own) => [...own, ...own], "ERR_SETTLEMENT_TWICE", /^ceilings\/credit-api /],
  [
    "with another product",
    (own) => [...own, { product: "other", ceiling: "1" }],
    "ERR_SETTLEMENT_MISSING",
    /^products\/other /,
  ],
  [
    "with a negative ceiling",
    (own) => own.map((one) => ({ ...one, ceiling: "-1" })),
    "ERR_SETTLEMENT_INPUT",
    /^ceilings\/0\/ceiling/,
  ],
])("G22: a proposal %s is refused", (_, change, code, message) => {
  const pricing = pricingOf();
  const own = [...pricing.products].map(([product, { ceiling }]) => ({ product, ceiling: exactText(ceiling.value) }));
  expect(() => fileCeilings(pricing, "f", change(own))).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
  );
});

test.each(vectorTable("price", "G22"))("G22: a contract at $price under $ceiling is $result", (row) => {
  const filing = filingOf(pricingOf());
  expect(text(filing.products[0]?.filed)).toBe(row["ceiling"]);
  const agreed = { contract: "c-1", product: "credit-api", price: row["price"], signedOn: "2026-01-15" };
  if (row["result"] === "allowed") expect(text(agreedPrice(filing, agreed))).toBe(row["price"]);
  else expect(() => agreedPrice(filing, agreed)).toThrow(refused("G22", /contracts\/c-1\/credit-api/));
});

test("G22: a contract before the filing, or for what was not filed, is refused", () => {
  const filing = filingOf(pricingOf());
  const agreed = { contract: "c-1", product: "credit-api", price: "1", signedOn: "2026-01-14" };
  expect(() => agreedPrice(filing, agreed)).toThrow(refused("G22", /contracts\/c-1\/credit-api/));
  expect(() => agreedPrice(filing, { ...agreed, product: "other" })).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_MISSING" }),
  );
});

test.each(vectorTable("price", "G23"))("G23: $actual of $R_max: adjusted $adjusted", (row) => {
  const review = reviewYear(permitting(cell(row, "R_max")), filingOf(pricingOf()), {
    amount: row["actual"],
    evidence: "SJ-1",
  });
  expect(text(review.deviation)).toBe(row["d"]);
  expect(review.adjusted === undefined ? "no" : "yes").toBe(row["adjusted"]);
});

test.each(vectorTable("price", "G26"))("G26: $p with $actual of $R_max becomes $new p", (row) => {
  const products = callProducts([["one", "100"]]);
  const priced = pricingOf({}, products, "1000.00");
  const [one] = priced.products.values();
  if (one === undefined) throw new Error("there is no price");
  const filed = { ...one, product: "one", filed: figureOf(cell(row, "p"), "unit-price") };
  const review = reviewYear(
    permitting(cell(row, "R_max"), priced),
    { ...filingOf(priced), products: [filed] },
    { amount: row["actual"], evidence: "SJ-1" },
    permitting(cell(row, "next R_max"), priced),
  );
  expect(text(review.adjusted?.prices.get("one"))).toBe(row["new p"]);
});

test("G26: a new product has its own ceiling; where the formula gives no price the review is refused", () => {
  const before = pricingOf({}, callProducts([["one", "100"]]), "100.00");
  const next = pricingOf(
    {},
    callProducts([
      ["one", "100"],
      ["two", "100"],
    ]),
    "300.00",
  );
  const { adjusted } = reviewYear(before, filingOf(before), { amount: "130.00", evidence: "SJ-1" }, next);
  expect([...(adjusted?.prices.keys() ?? [])]).toEqual(["one", "two"]);
  expect(text(adjusted?.prices.get("two"))).toBe(text(next.products.get("two")?.assessed));
  const filing = filingOf(pricingOf());
  expect(() => reviewYear(permitting("100.00"), filing, { amount: "200.00", evidence: "E" })).toThrow(
    refused("G26", /actualIncome/),
  );
  expect(text(reviewYear(permitting("100.00"), filing, { amount: "199.99", evidence: "E" }).deviation)).toBe("99.99");
  expect(() => reviewYear(permitting("0.00"), filing, { amount: "1.00", evidence: "E" })).toThrow(
    refused("G23", /actualIncome/),
  );
  expect(() => reviewYear(pricingOf(), { ...filing, year: "2025" }, { amount: "1.00", evidence: "E" })).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_PERIOD" }),
  );
  for (const income of [{ amount: "-1.00", evidence: "E" }, { amount: "1.00" }, { amount: "1.001", evidence: "E" }]) {
    expect(() => reviewYear(pricingOf(), filing, income)).toThrow(
      expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }),
    );
  }
});

function periodOf(row: Readonly<Record<string, string>>) {
  const actual = cell(row, "actual").split(" · ");
  return cell(row, "permitted")
    .split(" · ")
    .map((permitted, i) => ({ year: String(2026 + i), permitted, actual: actual[i], evidence: `JS-${i}` }));
}

test.each(vectorTable("price", "G24"))("G24: $actual of $permitted leaves $excess", (row) => {
  const closed = closePeriod(periodOf(row).toReversed(), rules);
  expect([closed.surveyFor, closed.destination, text(closed.excess, 2)]).toEqual([
    "2029",
    "next-period",
    row["excess"],
  ]);
  expect(["2029", "2030", "2031"].map((year) => text(closed.deductions.get(year), 2))).toEqual([
    row["first year"],
    row["second year"],
    row["third year"],
  ]);
});

test("G24: what a period leaves is what the next price file takes off", () => {
  const [row] = vectorTable("price", "G24");
  const first = row === undefined ? undefined : closePeriod(periodOf(row), rules).deductions.get("2029");
  const carryOver = { amount: text(first, 2), evidence: "JS-2028" };
  expect(text(pricingOf({ carryOver }).permitted.rMax)).toBe("1861457.86");
});

test("G24: where the excess goes to the public pool, each year stands alone and nothing is taken off the next", () => {
  const shuozhou = rulesFor({ sets: RULE_SETS, jurisdiction: "shuozhou", on: "2026-01-01" });
  const year = { year: "2026", permitted: "100.00", actual: "130.00", evidence: "JS-1" };
  const closed = closePeriod([year], shuozhou);
  expect([closed.destination, text(closed.excess, 2), closed.deductions.size]).toEqual(["public-pool", "30.00", 0]);
  const bad = (years: unknown, code: string) =>
    expect(() => closePeriod(years, rules)).toThrow(expect.objectContaining({ code }));
  bad([year], "ERR_SETTLEMENT_PERIOD");
  bad([year, { ...year, year: "2027" }, { ...year, year: "2029" }], "ERR_SETTLEMENT_PERIOD");
  bad([year, year, { ...year, year: "2027" }], "ERR_SETTLEMENT_PERIOD");
  bad([{ ...year, evidence: undefined }], "ERR_SETTLEMENT_INPUT");
});

const RECORDS = { since: "2026-01", notes: [], audits: [], publications: [] };

test.each(vectorTable("price", "G25"))("G25: $kind of $from, done on $done on, is $state on $today", (row) => {
  const done = row["done on"] === "-" ? [] : [{ from: row["from"], on: row["done on"], evidence: "BG-1" }];
  const records = { ...RECORDS, [row["kind"] === "cost-note" ? "notes" : "audits"]: done };
  const duty = supervisionDuties(records, cell(row, "today"), rules).find(
    ({ kind, from }) => kind === row["kind"] && from === row["from"],
  );
  expect([duty?.due, duty?.state]).toEqual([row["due"], row["state"]]);
  expect(duty?.rule).toMatchObject({ id: "G25", source: "003 六(八)2" });
  expect(duty?.evidence).toBe(done.length > 0 ? "BG-1" : undefined);
});

test.each(vectorTable("price", "G27"))("G27: publicity done on $done on is $state on $today", (row) => {
  const publications = row["done on"] === "-" ? [] : [{ from: "2026-01", on: row["done on"], evidence: "GS-1" }];
  const duties = supervisionDuties({ ...RECORDS, publications }, cell(row, "today"), rules);
  expect(duties.find(({ kind }) => kind === "publicity")).toMatchObject({
    from: "2026-01",
    to: "2026-12",
    due: "2027-01-30",
    state: row["state"],
  });
});

test("G25: a period is a duty once it is over, and records of none or of one twice are refused", () => {
  expect(supervisionDuties(RECORDS, "2026-01-31", rules)).toEqual([]);
  const kinds = supervisionDuties(RECORDS, "2026-07-01", rules).map(({ kind, from }) => `${kind} ${from}`);
  expect(kinds).toEqual([
    ...["01", "02", "03", "04", "05", "06"].map((month) => `cost-note 2026-${month}`),
    "cost-audit 2026-01",
  ]);
  const note = { from: "2026-01", on: "2026-02-01", evidence: "BG-1" };
  const bad = (notes: unknown, code: string) =>
    expect(() => supervisionDuties({ ...RECORDS, notes }, "2026-03-01", rules)).toThrow(
      expect.objectContaining({ code }),
    );
  bad([note, note], "ERR_SETTLEMENT_TWICE");
  bad([{ ...note, from: "2026-03" }], "ERR_SETTLEMENT_PERIOD");
  bad([{ ...note, from: "2025-12" }], "ERR_SETTLEMENT_PERIOD");
  bad([{ ...note, on: "2026-02-30" }], "ERR_SETTLEMENT_INPUT");
  // Done only after the day that is asked about: not done on it.
  const later = [{ ...note, on: "2026-03-02" }];
  expect(supervisionDuties({ ...RECORDS, notes: later }, "2026-03-01", rules)[0]?.state).toBe("overdue");
});

test("G32: the plan has the rate and the margin that is expected of each product", () => {
  const plan = profitPlan(pricingOf());
  for (const row of vectorTable("price", "G32")) {
    if (row["product"] === "sum") {
      expect(text(plan.margin)).toBe(row["margin"]);
      continue;
    }
    const one = plan.products.find(({ product }) => product === row["product"]);
    expect(text(one?.income)).toBe(exactText(figureOf(cell(row, "income")).value));
    expect([text(one?.beforeTax, 2), text(one?.margin, 2)]).toEqual([row["without tax"], row["margin"]]);
  }
  expect([text(plan.rate), text(plan.expectedRate)]).toEqual(["7.67", "7.67"]);
});

test("G27: the page has what costs were made of, in parts that sum to 100.00 %, and the rate that was achieved", () => {
  const line = (id: string, product: string, name: string, amount: string) =>
    costLine(id, {
      class: name,
      product,
      expense: { kind: name === "development" ? "development" : "marketing", amount },
    });
  const products = callProducts([["one", "100"]]);
  const input = priceInput(
    {
      costs: {
        year: "2026",
        lines: [line("a", "one", "development", "100.00"), line("b", "one", "operating-specific", "200.00")],
      },
    },
    products,
  );
  const pricing = pricingOf({ costs: input.costs }, products);
  const page = costPublicity(costReport(pricing.costs, input.costs, input.rules), pricing, {
    amount: "400.00",
    evidence: "SJ-1",
  });
  expect(page.classes.map(({ percent }) => (percent === undefined ? "-" : exactText(percent, 2)))).toEqual([
    "33.33",
    "66.67",
  ]);
  expect([text(page.profit), text(page.achievedRate), text(page.permittedRate)]).toEqual([
    "74.81",
    "24.936667",
    "7.67",
  ]);
  expect(page.income.evidence).toBe("SJ-1");
});

test("G27: what was published before the year was over is refused, and a note from before its month", () => {
  const early = { from: "2026-01", on: "2026-12-31", evidence: "GS-1" };
  const duties = (records: object) => () => supervisionDuties({ ...RECORDS, ...records }, "2027-02-10", rules);
  const refused = expect.objectContaining({ code: "ERR_SETTLEMENT_PERIOD" });
  expect(duties({ publications: [early] })).toThrow(refused);
  expect(duties({ publications: [{ ...early, on: "2027-01-01" }] })).not.toThrow();
  expect(duties({ notes: [{ ...early, on: "2025-12-31" }] })).toThrow(refused);
  expect(duties({ notes: [{ ...early, on: "2026-01-31" }] })).not.toThrow();
});
