/** Charges and statements against the vectors worked by hand, and against a count of every single unit.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  exactText,
  meteredCalls,
  monthlyUses,
  roundingsUnder,
  rulesFor,
  RULE_SETS,
  spanStarts,
  statementFor,
  tariffClass,
  type Tariff,
} from "../src/index.ts";
import { futianRules } from "./city-products.ts";
import { FILING, FREE_EVIDENCE, LICENCE, november, PRODUCT, refusal, TARIFF } from "./statement-fixture.ts";
import { vectorTable } from "./vector-tables.ts";

const rules = futianRules();

function tiersOf(text: string): Tariff["tiers"] {
  return text.split(" · ").map((tier) => {
    const [above = "", price = ""] = tier.split(":");
    return { above, price };
  });
}

test.each(vectorTable("statement", "G1"))("G1: the purpose $purpose is $class", (row) => {
  const licence = { ...LICENCE, purpose: row["purpose"] ?? "", evidence: FREE_EVIDENCE };
  expect(tariffClass(licence, PRODUCT.uses, rules)).toBe(row["class"]);
});

test.each(vectorTable("statement", "H6"))(
  "H6, G28: $purpose, $use units after $before, quota $quota, tiers $tiers, discount $discount: $amount",
  (row) => {
    const cell = (name: string) => row[name] ?? "";
    const given = (name: string, member: string) => (cell(name) === "–" ? {} : { [member]: cell(name) });
    const statement = november({
      licences: [
        {
          ...LICENCE,
          purpose: cell("purpose"),
          evidence: FREE_EVIDENCE,
          ...(cell("small firm") === "yes" ? { smallFirm: "register-3" } : {}),
        },
      ],
      tariffs: [
        {
          ...TARIFF,
          span: cell("span"),
          tiers: tiersOf(cell("tiers")),
          ...given("quota", "freeQuota"),
          ...given("discount", "smallFirmDiscountPercent"),
        },
      ],
      uses: [{ caller: "bank", product: "p", quantity: cell("use"), before: cell("before") }],
    });
    const [line] = statement.lines;
    expect(line && exactText(line.amount.value, 2)).toBe(cell("amount"));
    expect(line && exactText(line.free)).toBe(cell("free"));
    expect(exactText(statement.total.value, 2)).toBe(cell("amount"));
  },
);

test.each(vectorTable("statement", "H5"))("H5: $purpose without a tariff is a line of zero", (row) => {
  const statement = november({
    licences: [{ ...LICENCE, purpose: row["purpose"], evidence: FREE_EVIDENCE }],
    tariffs: [],
    uses: [{ caller: "bank", product: "p", quantity: row["use"], before: "0" }],
  });
  expect(statement.lines).toHaveLength(1);
  const [line] = statement.lines;
  expect(line && exactText(line.amount.value, 2)).toBe(row["amount"]);
  expect(line && exactText(line.free)).toBe(row["free"]);
  expect(line?.tariff).toBeUndefined();
});

test("H6: every charge is that of its units one by one", () => {
  const small = fc.integer({ min: 0, max: 60 });
  const cases = fc.record({
    use: small,
    before: small,
    quota: fc.option(small),
    steps: fc.array(fc.record({ more: fc.integer({ min: 1, max: 30 }), price: fc.nat(2_000) }), { maxLength: 4 }),
    first: fc.nat(2_000),
    free: fc.boolean(),
  });
  fc.assert(
    fc.property(cases, ({ use, before, quota, steps, first, free }) => {
      const tiers = [{ above: 0, price: first }];
      for (const { more, price } of steps) tiers.push({ above: (tiers.at(-1)?.above ?? 0) + more, price });
      let thousandths = 0;
      let paid = 0;
      for (let unit = 1; unit <= before + use; unit++) {
        if (free && (quota === null || unit <= quota)) continue;
        paid += 1;
        const at = paid;
        if (unit > before) thousandths += tiers.findLast(({ above }) => at > above)?.price ?? 0;
      }
      const statement = november({
        licences: [{ ...LICENCE, ...(free ? { purpose: "public-welfare", evidence: FREE_EVIDENCE } : {}) }],
        tariffs: [
          {
            ...TARIFF,
            tiers: tiers.map(({ above, price }) => ({ above: `${above}`, price: (price / 1_000).toFixed(3) })),
            ...(quota === null ? {} : { freeQuota: `${quota}` }),
          },
        ],
        uses: [{ caller: "bank", product: "p", quantity: `${use}`, before: `${before}` }],
      });
      const fen = Math.floor((thousandths + 5) / 10);
      expect(exactText(statement.total.value.shiftedBy(2))).toBe(`${fen}`);
    }),
  );
});

test("H6: of two callers of one tariff only the small firm has its discount", () => {
  const shop = { ...LICENCE, id: "shop", caller: "shop", smallFirm: "register-3" };
  const statement = november({
    licences: [LICENCE, shop],
    tariffs: [{ ...TARIFF, smallFirmDiscountPercent: "20" }],
    uses: ["bank", "shop"].map((caller) => ({ caller, product: "p", quantity: "5", before: "0" })),
  });
  expect(statement.lines.map(({ amount, smallFirm }) => [exactText(amount.value, 2), smallFirm])).toEqual([
    ["5.00", undefined],
    ["4.00", "register-3"],
  ]);
});

test("H6: a line names its one rounding, and the derivation has the prices that were used", () => {
  const statement = november({
    tariffs: [{ ...TARIFF, tiers: [{ above: "0", price: "0.0019" }] }],
  });
  expect(
    roundingsUnder(statement.total).map(({ figure, rounding }) => [figure.id, rounding.exact, rounding.places]),
  ).toEqual([["amount", "0.0095", 2]]);
  const [line] = statement.lines;
  expect(line?.amount.derivation?.rule).toMatchObject({ id: "H6", set: "futian-2025" });
  expect(line?.amount.derivation?.inputs.map((input) => [input.line, exactText(input.value)])).toEqual([
    ["uses/bank/p", "5"],
    ["tariffs/t/tiers/0/price", "0.0019"],
  ]);
});

test("a statement sums its lines, whatever their order, and falls apart into those of its callers", () => {
  const callers = ["bank", "clinic", "shop"];
  const licences = callers.map((caller) => ({ ...LICENCE, id: caller, caller }));
  const quantities = fc.array(fc.nat(10 ** 9), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(quantities, fc.nat(2), (list, turn) => {
      const uses = callers.map((caller, i) => ({ caller, product: "p", quantity: `${list[i]}`, before: "0" }));
      const tariffs = [{ ...TARIFF, tiers: [{ above: "0", price: "0.003333" }] }];
      const statement = november({ licences, tariffs, uses });
      const turned = [...uses.slice(turn), ...uses.slice(0, turn)];
      expect(november({ licences: licences.toReversed(), tariffs, uses: turned }).lines).toEqual(statement.lines);
      const fen = list.reduce((sum, use) => sum + (BigInt(use) * 3_333n * 2n + 10_000n) / 20_000n, 0n);
      expect(statement.total.value.shiftedBy(2).toFixed(0)).toBe(String(fen));
      const parts = callers.map((caller) => statementFor(statement, caller));
      expect(parts.flatMap(({ lines }) => lines)).toEqual(statement.lines);
      expect(
        parts.reduce(
          (sum, part) => sum.plus(part.total.value),
          parts[0]?.total.value.times(0) ?? statement.total.value,
        ),
      ).toEqual(statement.total.value);
    }),
    { numRuns: 50 },
  );
});

test("G1: a tariff that names the purpose goes before one that names none, and only in its months", () => {
  const general = { ...TARIFF, id: "general" };
  const special = { ...TARIFF, id: "special", purposes: ["finance"], tiers: [{ above: "0", price: "0.50" }] };
  const chosen = (...tariffs: object[]) => november({ tariffs }).lines[0]?.tariff;
  expect(chosen(general, special)).toBe("special");
  expect(chosen(special, general)).toBe("special");
  expect(chosen(general, { ...special, purposes: ["research"] })).toBe("general");
  expect(chosen(general, { ...special, until: "2026-10" })).toBe("general");
  expect(chosen(general, { ...special, from: "2026-12" })).toBe("general");
  expect(chosen(general, { ...special, product: "q" })).toBe("general");
  const licences = ["finance", "research"].map((purpose) => ({ ...LICENCE, id: purpose, caller: purpose, purpose }));
  const uses = licences.map(({ caller }) => ({ caller, product: "p", quantity: "1", before: "0" }));
  const both = november({ licences, uses, tariffs: [special, general] });
  expect(both.lines.map(({ caller, tariff }) => [caller, tariff])).toEqual([
    ["finance", "special"],
    ["research", "general"],
  ]);
  expect(refusal(() => november({ tariffs: [general, { ...general, id: "other" }] }))).toBe(
    "ERR_SETTLEMENT_TWICE: tariffs/other for finance in 2026-11 is given twice",
  );
  expect(refusal(() => november({ tariffs: [{ ...special, purposes: ["research"] }] }))).toBe(
    "ERR_SETTLEMENT_MISSING: tariff of p for finance in 2026-11 is not given, and G28 needs it",
  );
});

test.each(vectorTable("statement", "C9"))("C9: approval $approval, agreement $agreement: $outcome", (row) => {
  const evidence = {
    ...(row["approval"] === "yes" ? { approval: FREE_EVIDENCE.approval } : {}),
    ...(row["agreement"] === "yes" ? { "welfare-agreement": FREE_EVIDENCE["welfare-agreement"] } : {}),
  };
  const outcome = refusal(() => november({ licences: [{ ...LICENCE, purpose: "public-welfare", evidence }] }));
  const missing = (row["working"] ?? "").split(" ")[0];
  expect(outcome).toBe(
    row["outcome"] === "free"
      ? "not refused"
      : `ERR_SETTLEMENT_MISSING: licences/l/evidence/${missing} is not given, and C9 needs it`,
  );
});

test.each(vectorTable("statement", "C10"))("C10: $purpose and $use: $outcome", (row) => {
  const licence = { ...LICENCE, purpose: row["purpose"], evidence: FREE_EVIDENCE };
  const use = row["use"] ?? "";
  const outcomes: Readonly<Record<string, string>> = {
    refused: `ERR_SETTLEMENT_REFUSED: licences/l is refused by rule C10: free data is not used for ${use}`,
    unknown: `ERR_SETTLEMENT_REFUSED: licences/l is refused by rule C10: ${use} is no known use of free data`,
  };
  const expected = outcomes[row["outcome"] ?? ""] ?? "not refused";
  // The licence's own use, and what the product is made for, are alike.
  expect(refusal(() => november({ licences: [{ ...licence, uses: ["teaching", use] }] }))).toBe(expected);
  expect(refusal(() => november({ licences: [licence], products: [{ ...PRODUCT, uses: [use] }] }))).toBe(expected);
});

test("C10: a free licence and its product state what they are used for; a paid one need not", () => {
  const free = { ...LICENCE, purpose: "public-welfare", evidence: FREE_EVIDENCE };
  for (const uses of [undefined, []]) {
    expect(refusal(() => november({ licences: [{ ...free, uses }] }))).toBe(
      "ERR_SETTLEMENT_MISSING: licences/l/uses is not given, and C10 for licences/l needs it",
    );
    expect(refusal(() => november({ licences: [free], products: [{ ...PRODUCT, uses }] }))).toBe(
      "ERR_SETTLEMENT_MISSING: products/p/uses is not given, and C10 for licences/l needs it",
    );
    expect(refusal(() => november({ licences: [{ ...LICENCE, uses }], products: [{ ...PRODUCT, uses }] }))).toBe(
      "not refused",
    );
  }
});

test.each(vectorTable("statement", "G22"))(
  "G22: $filings, a tariff from $from at $tiers in 2026-11: $outcome",
  (row) => {
    const filings = (row["filings"] ?? "").split(" · ").flatMap((text, i) => {
      const [filedOn = "", ceiling = ""] = text.split(": ");
      return text === "–" ? [] : [{ ...FILING, id: `f${i}`, filedOn, ceilings: [{ product: "p", ceiling }] }];
    });
    const tariffs = [{ ...TARIFF, from: row["from"], tiers: tiersOf(row["tiers"] ?? "") }];
    const outcomes: Readonly<Record<string, string>> = {
      "above it":
        "ERR_SETTLEMENT_REFUSED: tariffs/t/tiers/0/price is refused by rule G22: it is above the filed ceiling",
      "tier above it":
        "ERR_SETTLEMENT_REFUSED: tariffs/t/tiers/1/price is refused by rule G22: it is above the filed ceiling",
      "not filed": `ERR_SETTLEMENT_MISSING: a filing of p before ${row["from"]}-01 is not given, and G22 for tariffs/t needs it`,
    };
    expect(refusal(() => november({ tariffs, filings }))).toBe(outcomes[row["outcome"] ?? ""] ?? "not refused");
  },
);

test("G22: the quota's tariff of a free licence is held to the ceiling too; filings of others are none, and each is given once", () => {
  const free = { ...LICENCE, purpose: "public-welfare", evidence: FREE_EVIDENCE };
  const above = [{ ...FILING, ceilings: [{ product: "p", ceiling: "0.999999999999" }] }];
  const tariffs = [{ ...TARIFF, freeQuota: "1000" }];
  expect(refusal(() => november({ licences: [free], tariffs, filings: above }))).toContain("G22");
  expect(refusal(() => november({ licences: [free], tariffs: [], filings: undefined }))).toBe("not refused");
  for (const other of [{ jurisdiction: "huangshi" }, { ceilings: [{ product: "q", ceiling: "9" }] }]) {
    expect(refusal(() => november({ filings: [{ ...FILING, ...other }] }))).toContain("MISSING: a filing of p");
  }
  expect(refusal(() => november({ filings: [FILING, FILING] }))).toContain("TWICE: filings/f is");
  expect(refusal(() => november({ filings: [FILING, { ...FILING, id: "g" }] }))).toContain("TWICE: filings/g/p");
  expect(refusal(() => november({ filings: [{ ...FILING, filedOn: "2026-02-30" }] }))).toContain("INPUT: filings/0");
});

test.each(vectorTable("statement", "G28"))(
  "G28: filed $filed, announced $announced, used from $from, discount $discount: $outcome",
  (row) => {
    const shuozhou = rulesFor({ sets: RULE_SETS, jurisdiction: "shuozhou", on: "2026-11-01" });
    const proof = (name: string) => (row[name] === "–" ? {} : { [name]: { on: row[name], evidence: "notice-1" } });
    const tariff = {
      ...TARIFF,
      from: row["from"],
      ...proof("filed"),
      ...proof("announced"),
      ...(row["discount"] === "–" ? {} : { smallFirmDiscountPercent: row["discount"] }),
    };
    const reasons: Readonly<Record<string, string>> = {
      "not filed": `it is not filed before ${row["from"]}-01`,
      "not announced": `it is not announced before ${row["from"]}-01`,
      "no discount": "it has no discount for small and micro firms",
    };
    const reason = reasons[row["outcome"] ?? ""];
    expect(refusal(() => november({ tariffs: [tariff] }, shuozhou))).toBe(
      reason === undefined ? "not refused" : `ERR_SETTLEMENT_REFUSED: tariffs/t is refused by rule G28: ${reason}`,
    );
  },
);

test("G28: a plan that does not ask for publicity lets a tariff be used without it", () => {
  expect(refusal(() => november({ tariffs: [TARIFF] }, rules))).toBe("not refused");
});

test.each<[string, Parameters<typeof november>[0], RegExp]>([
  [
    "a negative quantity",
    { uses: [{ caller: "bank", product: "p", quantity: "-5", before: "0" }] },
    /INPUT: uses\/0\/quantity/,
  ],
  ["NaN", { uses: [{ caller: "bank", product: "p", quantity: "NaN", before: "0" }] }, /INPUT: uses\/0\/quantity/],
  [
    "use earlier in the year that is not given",
    { uses: [{ caller: "bank", product: "p", quantity: "5" }] },
    /INPUT: uses\/0\/before/,
  ],
  [
    "a line of use twice",
    { uses: [1, 2].map(() => ({ caller: "bank", product: "p", quantity: "5", before: "0" })) },
    /TWICE: uses\/bank\/p is given twice/,
  ],
  [
    "use without a licence",
    { uses: [{ caller: "shop", product: "p", quantity: "5", before: "0" }] },
    /MISSING: licence of shop for p is not given, and G1 needs it/,
  ],
  ["a licence twice", { licences: [LICENCE, { ...LICENCE, id: "m" }] }, /TWICE: licences\/m of bank for p/],
  [
    "a licence's id twice",
    { licences: [LICENCE, { ...LICENCE, caller: "shop" }] },
    /TWICE: licences\/l is given twice/,
  ],
  [
    "a licence for a product that is not given",
    { licences: [{ ...LICENCE, product: "q" }] },
    /MISSING: product q of licences\/l/,
  ],
  [
    "a negative price",
    { tariffs: [{ ...TARIFF, tiers: [{ above: "0", price: "-1" }] }] },
    /INPUT: tariffs\/0 \(t\)\/tiers\/0\/price/,
  ],
  [
    "tiers that do not begin at 0",
    { tariffs: [{ ...TARIFF, tiers: [{ above: "1", price: "1" }] }] },
    /INPUT: tariffs\/0 \(t\)\/tiers/,
  ],
  [
    "tiers out of order",
    { tariffs: [{ ...TARIFF, tiers: ["0", "9", "9"].map((above) => ({ above, price: "1" })) }] },
    /INPUT: tariffs\/0 \(t\)\/tiers/,
  ],
  [
    "a discount above 100 %",
    { tariffs: [{ ...TARIFF, smallFirmDiscountPercent: "100.01" }] },
    /INPUT: tariffs\/0 \(t\)\/smallFirm.*at most 100/,
  ],
  ["a tariff twice", { tariffs: [TARIFF, TARIFF] }, /TWICE: tariffs\/t/],
  ["products of another year", { products: [{ ...PRODUCT, year: "2025" }] }, /PERIOD: products\/p is not of 2026-11/],
  ["another month than the rules'", { month: "2026-12" }, /PERIOD: rules is not of 2026-12/],
  ["a month that does not exist", { month: "2026-13" }, /INPUT: month/],
])("H6: %s is refused by the name of its line", (_, changes, expected) => {
  expect(refusal(() => november(changes))).toMatch(expected);
});

test("G28: a discount after which a price is rounded to zero is refused, and one of the whole price is not", () => {
  const discounted = (smallFirmDiscountPercent: string) =>
    refusal(() =>
      november({
        tariffs: [{ ...TARIFF, tiers: [{ above: "0", price: "0.000000000001" }], smallFirmDiscountPercent }],
      }),
    );
  expect(discounted("50.000001")).toContain("tariffs/t is refused by rule G28: a price after its discount is rounded");
  expect([discounted("50"), discounted("100")]).toEqual(["not refused", "not refused"]);
});

test.each(vectorTable("statement", "H6-spans"))(
  "H6: a yearly span with the licence from $licence and the tariff from $tariff, $before before: $outcome",
  (row) => {
    const given = (name: string, member: string) => (row[name] === "–" ? {} : { [member]: row[name] });
    const statement = () =>
      november({
        licences: [{ ...LICENCE, ...given("licence", "from") }],
        tariffs: [{ ...TARIFF, from: row["tariff"], tiers: tiersOf("0:1.00 · 1000:0.10") }],
        uses: [{ caller: "bank", product: "p", quantity: "100", before: row["before"], ...given("since", "since") }],
      });
    if (row["outcome"] === "refused") expect(refusal(statement)).toContain("ERR_SETTLEMENT_PERIOD");
    else expect(exactText(statement().total.value, 2)).toBe(row["outcome"]);
  },
);

test("H6: what was free or paid at other prices before is in no tier", () => {
  const call = (id: string, month: string) => ({
    id,
    caller: "bank",
    product: "p",
    outcome: "answered",
    use: { quantity: "1000" },
    at: `2026-${month}-05T00:00:00.000Z`,
  });
  const calls = meteredCalls([call("a", "09"), call("b", "10"), call("c", "11")], [PRODUCT]);
  const licences = [{ ...LICENCE, from: "2026-10" }];
  const uses = monthlyUses(calls, "2026-11", spanStarts({ licences, tariffs: [TARIFF] }, "2026-11"));
  expect(uses).toEqual([{ caller: "bank", product: "p", quantity: "1000", before: "1000", since: "2026-10" }]);
  expect(refusal(() => november({ licences, uses }))).toBe("not refused");
});
