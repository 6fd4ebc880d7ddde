/** The accounts as a whole: nothing is lost or created, order does not matter, every line proves itself, and what does not fit is refused
 *  by the name of its line.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  accountCosts,
  auditRows,
  costReport,
  exactText,
  figuresUnder,
  MAX_COST_SHARES,
  productUse,
  readCosts,
  resourceCost,
  roundingsUnder,
  sharePercents,
  sumOf,
  yuanText,
} from "../src/index.ts";
import { futianRules } from "./city-products.ts";
import { ABC, accountsOf, callProducts, costLine } from "./cost-fixture.ts";

const rules = futianRules();
const price = { priceEvidence: "P-1" };

const FEE = costLine("fee", { class: "acquisition-push", resource: "r1", expense: { kind: "fee", amount: "100.01" } });
const QUERY = costLine("query", {
  class: "acquisition-query",
  resource: "r1",
  product: "b",
  expense: { kind: "calls", calls: "7", unitPrice: "0.333" },
});
const PEOPLE = costLine("people", {
  class: "operating-common",
  expense: {
    kind: "labour",
    amount: "288024.00",
    post: "engineer",
    personMonths: "12",
    governmentPrice: "20000.00",
    ...price,
  },
});
const REVIEW = costLine("review", {
  class: "operating-specific",
  product: "c",
  expense: { kind: "compliance", amount: "9.99" },
});

test("G8–G18: the products' costs sum to what counts, whatever the amounts, uses, subsidies and order", () => {
  const money = fc.nat(10 ** 9).map((fen) => yuanText(BigInt(fen)));
  const use = fc.integer({ min: 1, max: 10 ** 9 }).map(String);
  const kinds = fc.constantFrom("fee", "governance", "construction", "cloud");
  fc.assert(
    fc.property(
      fc.tuple(use, use, use),
      fc.array(fc.tuple(kinds, money, use), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 100 }),
      ([a, b, c], costs, percent) => {
        const products = callProducts([
          ["a", a, "r1"],
          ["b", b, "r1"],
          ["c", c],
        ]);
        const lines = costs.map(([kind, amount, used], i): ReturnType<typeof costLine> => {
          if (kind === "fee")
            return costLine(`l${i}`, { class: "acquisition-push", resource: "r1", expense: { kind, amount } });
          if (kind === "governance")
            return costLine(`l${i}`, { class: "development", product: "c", expense: { kind, amount } });
          const more = kind === "cloud" ? { used, municipalPrice: "0.37", ...price } : { inServiceSince: "2024" };
          return costLine(`l${i}`, { class: "circulation", expense: { kind, amount, ...more } });
        });
        const whole = costs.reduce((sum, [, amount]) => sum + BigInt(amount.replace(".", "")), 0n);
        const subsidies =
          whole === 0n
            ? []
            : [
                {
                  id: "s",
                  amount: yuanText((whole * BigInt(percent)) / 100n),
                  evidence: "S",
                  lines: lines.map(({ id }) => id),
                },
              ];
        const forward = accountsOf(lines, products, { subsidies });
        const sum = sumOf([...forward.products.values()].map(({ total }) => total.value));
        expect(exactText(sum)).toBe(exactText(forward.total.value));
        expect(exactText(sumOf(forward.lines.map(({ counted }) => counted.value)))).toBe(exactText(sum));
        for (const { charged, allowed, counted, excess } of forward.lines) {
          expect(allowed.value.plus(excess?.amount.value ?? 0).eq(charged.value)).toBe(true);
          expect(counted.value.lte(allowed.value)).toBe(true);
        }
        const backward = accountsOf(lines.toReversed(), products.toReversed(), { subsidies });
        for (const [id, { total, unit }] of forward.products) {
          expect(backward.products.get(id)?.total.value.eq(total.value)).toBe(true);
          expect(unit !== undefined && backward.products.get(id)?.unit?.value.eq(unit.value)).toBe(true);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("G8: the shares of a line sum to 100.00 %, and who does not use the resource has none", () => {
  const [line] = accountsOf([FEE]).lines;
  if (line === undefined) throw new Error("there is no line");
  expect([...sharePercents(line)].map(([id, share]) => [id, exactText(share, 2)])).toEqual([
    ["a", "25.00"],
    ["b", "75.00"],
  ]);
});

test("G18: a cap is taken before a subsidy, and the subsidy in proportion of the whole cost", () => {
  const subsidies = [{ id: "fund", amount: "115209.60", evidence: "CZ-2", lines: ["people"] }];
  const [people] = accountsOf([PEOPLE], ABC, { subsidies }).lines;
  expect(people === undefined ? "" : exactText(people.counted.value, 2)).toBe("172800.00");
  expect(people?.excess?.reason.en).toContain("the government's price");
  const ids = people === undefined ? [] : figuresUnder(people.counted).map(({ evidence }) => evidence);
  expect(ids).toEqual(expect.arrayContaining(["CZ-2", "P-1", "FP-people"]));
});

test("G29: the report has every line with its evidence, by class, what does not count, and who checked it", () => {
  const check = { by: "an auditor", evidence: "SJ-1", on: "2027-01-20" };
  const pool = readCosts({ year: "2026", lines: [REVIEW, PEOPLE, QUERY, FEE], check }, ABC, rules);
  const costs = accountCosts(pool, productUse(ABC, "estimate", rules), rules);
  const report = costReport(costs, pool, rules);
  expect(report.classes.map(({ class: name, counted }) => [name, exactText(counted.value, 2)])).toEqual([
    ["acquisition-push", "100.01"],
    ["acquisition-query", "2.33"],
    ["operating-common", "288000.00"],
    ["operating-specific", "9.99"],
  ]);
  expect(report.notCounted.map(({ line }) => line.id)).toEqual(["people"]);
  expect(exactText(report.total.value, 2)).toBe("288112.33");
  expect(exactText(costs.acquisition.value, 2)).toBe("102.34");
  expect(report.check).toEqual(check);
  expect(report.sets).toEqual(["futian-2025"]);
  for (const { counted, line } of costs.lines) {
    expect(figuresUnder(counted).flatMap(({ evidence }) => evidence ?? [])).toContain(line.evidence);
  }
  const roundings = roundingsUnder(report.total).map(({ rounding }) => [rounding.mode, rounding.exact]);
  expect(roundings).toEqual([
    ["half-up", "2.331"],
    ["down", "288000"],
  ]);
});

test("G25: a source sees what its resource cost and to whom, and no other line", () => {
  const view = resourceCost(accountsOf([FEE, QUERY, PEOPLE, REVIEW]), "r1", rules);
  expect(view.lines.map(({ line }) => line.id)).toEqual(["fee", "query"]);
  expect(exactText(view.counted.value)).toBe("102.34");
  expect([...view.products].map(([id, { value }]) => [id, exactText(value, 2)])).toEqual([
    ["a", "25.00"],
    ["b", "77.34"],
  ]);
});

test("G25: the audit export has each line in words of digits with all its documents", () => {
  const rent = costLine("rent", {
    class: "operating-common",
    expense: {
      kind: "rent",
      amount: "130.00",
      squareMetres: "1",
      months: "12",
      guidePrice: "10.00",
      priceEvidence: "ZDJ-1",
      leaseFiling: "ZL-1",
    },
  });
  const tendered = costLine("audit", {
    class: "operating-common",
    expense: { kind: "third-party", amount: "10.00", contract: { id: "k", value: "2000000.00", tender: "ZB-1" } },
  });
  const subsidies = [{ id: "s", amount: "10.00", evidence: "CZ-1", lines: ["fee"] }];
  const pool = readCosts({ year: "2026", lines: [tendered, rent, FEE], subsidies }, ABC, rules);
  const report = costReport(accountCosts(pool, productUse(ABC, "estimate", rules), rules), pool, rules);
  expect(auditRows(report)).toEqual([
    {
      line: "fee",
      class: "acquisition-push",
      expense: "fee",
      title: { zh: "fee", en: "fee" },
      bearers: { a: "22.50", b: "67.51" },
      charged: "100.01",
      notAllowed: "0.00",
      subsidy: "10.00",
      counted: "90.01",
      evidence: ["FP-fee", "CZ-1"],
    },
    expect.objectContaining({ line: "audit", counted: "10.00", evidence: ["FP-audit", "ZB-1"] }),
    expect.objectContaining({
      line: "rent",
      charged: "130.00",
      notAllowed: "10.00",
      counted: "120.00",
      reason: { zh: "超过写字楼租金指导价", en: "above the guide price of offices" },
      evidence: ["FP-rent", "ZDJ-1", "ZL-1"],
    }),
  ]);
});

test("accounts with more shares than can be explained are refused before any is computed", () => {
  const products = callProducts(Array.from({ length: 500 }, (_, i) => [`p${i}`, "1", ...(i < 2 ? ["r1"] : [])]));
  const lines = (count: number, members: object) =>
    Array.from({ length: count }, (_, i) => ({ ...members, id: `l${i}` }));
  const read = (list: readonly object[]) => readCosts({ year: "2026", lines: list }, products, rules).lines.length;
  expect(read(lines(MAX_COST_SHARES / 500, PEOPLE))).toBe(400);
  expect(read(lines(1_000, FEE))).toBe(1_000);
  expect(() => read([...lines(400, PEOPLE), FEE])).toThrow(
    expect.objectContaining({
      code: "ERR_SETTLEMENT_INPUT",
      message: expect.stringMatching(/^costs\/lines .*200000/) as string,
    }),
  );
});

test("G10, G11: in a year that is over costs follow actual use, and a product without any has no share and no unit cost", () => {
  const products = callProducts([
    ["a", "1"],
    ["b", "3"],
  ]).map((product) => ({ ...product, actual: [{ calls: product.id === "a" ? "0" : "8" }] })) as typeof ABC;
  const line = costLine("hall", {
    class: "circulation",
    expense: { kind: "construction", amount: "800.00", inServiceSince: "2026" },
  });
  const pool = readCosts({ year: "2026", lines: [line] }, products, rules);
  const { products: costs } = accountCosts(pool, productUse(products, "actual", rules), rules);
  expect([...costs].map(([id, { total, unit }]) => [id, exactText(total.value), unit?.value.toFixed()])).toEqual([
    ["a", "0", undefined],
    ["b", "100", "12.5"],
  ]);
});

const contract = (value: string, tender?: string) => ({ id: "k", value, ...(tender === undefined ? {} : { tender }) });
const service = (id: string, amount: string, value: string, tender?: string) =>
  costLine(id, {
    class: "operating-common",
    expense: { kind: "third-party", amount, contract: contract(value, tender) },
  });

test.each<[string, readonly object[], string, RegExp]>([
  ["G29: an unknown class", [{ ...FEE, class: "entertainment" }], "ERR_SETTLEMENT_INPUT", /lines\/0 \(fee\)\/class/],
  [
    "G29: a cost that its class does not have",
    [{ ...PEOPLE, expense: { kind: "banquet", amount: "1.00" } }],
    "ERR_SETTLEMENT_INPUT",
    /lines\/0 \(people\)\/expense\/kind/,
  ],
  [
    "G29: rent among the costs of circulation",
    [{ ...PEOPLE, class: "circulation", expense: { kind: "rent", amount: "1.00" } }],
    "ERR_SETTLEMENT_INPUT",
    /expense/,
  ],
  ["G29: a line without evidence", [{ ...FEE, evidence: undefined }], "ERR_SETTLEMENT_INPUT", /\(fee\)\/evidence/],
  [
    "a negative amount",
    [{ ...FEE, expense: { kind: "fee", amount: "-1.00" } }],
    "ERR_SETTLEMENT_INPUT",
    /\(fee\)\/expense\/amount/,
  ],
  [
    "a part of a fen",
    [{ ...FEE, expense: { kind: "fee", amount: "1.001" } }],
    "ERR_SETTLEMENT_INPUT",
    /\(fee\)\/expense\/amount/,
  ],
  ["NaN", [{ ...FEE, expense: { kind: "fee", amount: "NaN" } }], "ERR_SETTLEMENT_INPUT", /\(fee\)\/expense\/amount/],
  ["another year", [FEE, { ...REVIEW, year: "2025" }], "ERR_SETTLEMENT_PERIOD", /^costs\/review is not of 2026/],
  ["a line twice", [FEE, FEE], "ERR_SETTLEMENT_TWICE", /^costs\/fee /],
  ["a product that is not there", [{ ...REVIEW, product: "z" }], "ERR_SETTLEMENT_MISSING", /^products\/z /],
  [
    "a query of a resource that the product does not use",
    [{ ...QUERY, product: "c" }],
    "ERR_SETTLEMENT_MISSING",
    /^products\/c\/resources\/r1 /,
  ],
  ["a resource that nobody uses", [{ ...FEE, resource: "r9" }], "ERR_SETTLEMENT_WEIGHTS", /^costs\/fee /],
  [
    "G13: a platform in service next year",
    [
      costLine("hall", {
        class: "circulation",
        expense: { kind: "construction", amount: "8.00", inServiceSince: "2027" },
      }),
    ],
    "ERR_SETTLEMENT_PERIOD",
    /^costs\/hall\/inServiceSince /,
  ],
  [
    "G17: a contract stated in two ways",
    [service("s1", "5.00", "1000000.00"), service("s2", "5.00", "999999.00")],
    "ERR_SETTLEMENT_REFUSED",
    /^costs\/s2 .*G17: another line/,
  ],
  [
    "G17: marketing above a million without a contract",
    [
      costLine("ads", {
        class: "operating-specific",
        product: "a",
        expense: { kind: "marketing", amount: "1000000.01" },
      }),
    ],
    "ERR_SETTLEMENT_REFUSED",
    /^costs\/ads .*G17: a service above/,
  ],
  [
    "G17: more paid than the contract is worth",
    [service("s1", "60.00", "100.00"), service("s2", "60.00", "100.00")],
    "ERR_SETTLEMENT_REFUSED",
    /^costs\/s2 .*G17: its contract/,
  ],
])("%s is refused by the name of its line", (_, lines, code, message) => {
  expect(() => accountsOf(lines)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
  );
});

test("G17: marketing of a million needs no contract, and one contract may be written with and without places", () => {
  const own = (kind: string) => ({
    class: "operating-specific",
    product: "a",
    expense: { kind, amount: "1000000.00" },
  });
  expect(accountsOf([costLine("ads", own("marketing")), costLine("law", own("compliance"))]).lines).toHaveLength(2);
  expect(accountsOf([service("s1", "60.00", "200"), service("s2", "60.00", "200.00")]).lines).toHaveLength(2);
});

test("G17: every line of a contract is read once, of however many the contract has", () => {
  const expense = { kind: "third-party", amount: "1.00", contract: { id: "k", value: "900000.00" } };
  const lines = Array.from({ length: 60_000 }, (_, i) =>
    costLine(`k${i}`, { class: "operating-specific", product: "a", expense }),
  );
  expect(readCosts({ year: "2026", lines }, ABC, futianRules()).lines).toHaveLength(60_000);
});

test.each<[string, object, string, RegExp]>([
  [
    "of a line that is not there",
    { lines: ["fee", "other"] },
    "ERR_SETTLEMENT_MISSING",
    /^costs\/other .*subsidies\/s/,
  ],
  ["that names a line twice", { lines: ["fee", "fee"] }, "ERR_SETTLEMENT_TWICE", /^subsidies\/s /],
  ["above the cost", { amount: "100.02" }, "ERR_SETTLEMENT_REFUSED", /^costs\/fee .*G18/],
  ["without evidence", { evidence: undefined }, "ERR_SETTLEMENT_INPUT", /subsidies\/0 \(s\)\/evidence/],
])("G18: a subsidy %s is refused", (_, members, code, message) => {
  const subsidies = [{ id: "s", amount: "1.00", evidence: "S", lines: ["fee"], ...members }];
  expect(() => accountsOf([FEE], ABC, { subsidies })).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
  );
});
