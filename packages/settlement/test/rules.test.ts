/** Rule sets: what comes with the package fits its schema, a higher rule goes before a lower one, and each rule says where it is from.
 *  @module */
import { isSluiceError } from "@sluice/protocol";
import { expect, test } from "vitest";
import { FUTIAN_2025, RULE_ROWS, RULE_SETS, rulesFor, type RuleName, type RuleSet } from "../src/index.ts";
import { vectorTable } from "./vector-tables.ts";

const national: RuleSet = {
  id: "national-2026",
  title: { zh: "上位规定", en: "A higher rule" },
  level: "national",
  jurisdictions: ["*"],
  from: "2026-07-01",
  until: "2026-12-31",
  parameters: { vatPercent: { value: "3", source: "a decree" } },
};

test.each(["futian", "huangshi", "shuozhou", "jingdezhen"])(
  "G33: %s has every rule, each with its source",
  (jurisdiction) => {
    const rules = rulesFor({ sets: RULE_SETS, jurisdiction, on: "2026-11-29" });
    for (const name of Object.keys(RULE_ROWS) as RuleName[]) {
      const { reference } = rules.of(name);
      expect(reference.id).toBe(RULE_ROWS[name]);
      expect(reference.source).toMatch(/^00[1-4] /);
      expect(rules.sets).toContain(reference.set);
    }
  },
);

test.each(vectorTable("rules", "G33"))("G33: on $on VAT is $VAT", (row) => {
  const later: RuleSet = {
    ...FUTIAN_2025,
    id: "futian-2026",
    from: "2026-01-01",
    parameters: { amortisationYears: { value: 5, source: "003 new" } },
  };
  const found = (name: "vatPercent" | "amortisationYears"): string[] => {
    try {
      const { value, reference } = rulesFor({
        sets: [national, later, FUTIAN_2025],
        jurisdiction: "futian",
        on: row["on"] ?? "",
      }).of(name);
      return [String(value), reference.set];
    } catch (error) {
      return [isSluiceError(error, "ERR_SETTLEMENT_RULES") ? "refused" : String(error), "–"];
    }
  };
  expect(found("vatPercent")).toEqual([row["VAT"], row["from"]]);
  expect(found("amortisationYears")).toEqual([row["years"], row["from set"]]);
});

test("G33: a higher rule replaces a lower one while it is in force, and nothing else", () => {
  const on = (day: string) => rulesFor({ sets: [...RULE_SETS, national], jurisdiction: "futian", on: day });
  expect(on("2026-06-30").of("vatPercent")).toMatchObject({ value: "6", reference: { set: "futian-2025" } });
  expect(on("2026-07-01").of("vatPercent")).toMatchObject({
    value: "3",
    reference: { set: "national-2026", source: "a decree" },
  });
  expect(on("2026-12-31").of("vatPercent").value).toBe("3");
  expect(on("2027-01-01").of("vatPercent").value).toBe("6");
  expect(on("2026-07-01").of("amortisationYears").reference.set).toBe("futian-2025");
  expect(on("2026-07-01").sets).toEqual(["futian-2025", "national-2026"]);
});

test("G33: of two sets of one level the later holds, whatever the order in which they are given", () => {
  const later: RuleSet = {
    ...FUTIAN_2025,
    id: "futian-2026",
    from: "2026-01-01",
    parameters: { amortisationYears: { value: 5, source: "003 new" } },
  };
  for (const sets of [
    [FUTIAN_2025, later],
    [later, FUTIAN_2025],
  ]) {
    expect(rulesFor({ sets, jurisdiction: "futian", on: "2025-12-31" }).of("amortisationYears").value).toBe(8);
    const now = rulesFor({ sets, jurisdiction: "futian", on: "2026-01-01" });
    expect(now.of("amortisationYears").value).toBe(5);
    expect(now.of("vatPercent").value).toBe("6");
  }
});

test("G33: what stands in for a lost formula says so", () => {
  const { of } = rulesFor({ sets: RULE_SETS, jurisdiction: "futian", on: "2026-11-29" });
  for (const name of ["normalisation", "excessOfPrices", "adjustment"] as const) {
    expect(of(name).reference.assumed?.zh).toMatch(/推定|未能取得/);
  }
  expect(of("vatPercent").reference.assumed).toBeUndefined();
  const huangshi = rulesFor({ sets: RULE_SETS, jurisdiction: "huangshi", on: "2026-11-29" });
  expect(huangshi.of("vatPercent").reference.assumed?.en).toContain("Futian");
  expect(huangshi.of("freePurposes").reference.assumed).toBeUndefined();
});

test("G33: a higher level goes before a later day", () => {
  const early: RuleSet = { ...national, id: "national-2024", from: "2024-01-01" };
  const rules = rulesFor({ sets: [FUTIAN_2025, early], jurisdiction: "futian", on: "2025-06-01" });
  expect(rules.of("vatPercent")).toMatchObject({ value: "3", reference: { set: "national-2024" } });
});

test("G33: a day or a place without rules, and a set of another shape, are refused", () => {
  const refused = (options: Parameters<typeof rulesFor>[0]) => {
    try {
      return rulesFor(options).of("vatPercent").value;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(refused({ sets: RULE_SETS, jurisdiction: "futian", on: "2024-12-31" })).toBe("ERR_SETTLEMENT_RULES");
  expect(refused({ sets: RULE_SETS, jurisdiction: "atlantis", on: "2026-01-01" })).toBe("ERR_SETTLEMENT_RULES");
  const half = { ...FUTIAN_2025, parameters: {} };
  expect(refused({ sets: [half], jurisdiction: "futian", on: "2026-01-01" })).toBe("ERR_SETTLEMENT_RULES");
  const spoilt = { ...FUTIAN_2025, parameters: { vatPercent: { value: "-6", source: "x" } } };
  expect(refused({ sets: [spoilt], jurisdiction: "futian", on: "2026-01-01" })).toBe("ERR_SETTLEMENT_INPUT");
});

test("H7: a set that takes the name of another is refused, so that a name in a statement is one set", () => {
  const taken: RuleSet = { ...FUTIAN_2025, level: "national", jurisdictions: ["*"] };
  expect(() => rulesFor({ sets: [...RULE_SETS, taken], jurisdiction: "huangshi", on: "2026-11-29" })).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_TWICE" }),
  );
});
