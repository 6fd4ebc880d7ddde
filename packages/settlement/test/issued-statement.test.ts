/** Issued statements: they name their rules, do not change, and are checked by anyone.
 *  @module */
import { documentHash } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  chargedMonth,
  checkIssued,
  FUTIAN_2025,
  issueStatement,
  monthlyStatement,
  RULE_SETS,
  rulesFor,
  statementFor,
  withIssued,
  type IssuedStatement,
  type RuleSet,
} from "../src/index.ts";
import { futianRules } from "./city-products.ts";
import { FILING, FREE_EVIDENCE, LICENCE, november, PRODUCT, TARIFF } from "./statement-fixture.ts";
import { vectorTable } from "./vector-tables.ts";

const later: RuleSet = {
  id: "national-2026",
  title: { zh: "上位规定", en: "A higher rule" },
  level: "national",
  jurisdictions: ["*"],
  from: "2026-12-01",
  parameters: { postingRounding: { value: { places: 2, mode: "down" }, source: "a decree" } },
};
const halfFen = { tariffs: [{ ...TARIFF, tiers: [{ above: "0", price: "0.001" }] }] };

function futian(sets: readonly RuleSet[], on: string) {
  return rulesFor({ sets, jurisdiction: "futian", on });
}

test("H7: a statement names its rule sets, and a later rule changes later statements only", async () => {
  const first = await issueStatement(november(halfFen, futian(RULE_SETS, "2026-11-01")));
  const sets = [...RULE_SETS, later];
  const again = await issueStatement(november(halfFen, futian(sets, "2026-11-01")));
  expect(again).toEqual(first);
  expect(first.statement).toMatchObject({
    rules: { jurisdiction: "futian", on: "2026-11-01", sets: ["futian-2025"] },
    total: "0.01",
  });
  const next = await issueStatement(november({ ...halfFen, month: "2026-12" }, futian(sets, "2026-12-01")));
  expect(next.statement).toMatchObject({ rules: { sets: ["futian-2025", "national-2026"] }, total: "0.00" });
});

test.each(vectorTable("statement", "H7"))("H7: $use units at $price in $month are $amount", async (row) => {
  const month = row["month"] ?? "";
  const rules = futian([...RULE_SETS, later], `${month}-01`);
  const tariffs = [{ ...TARIFF, tiers: [{ above: "0", price: row["price"] }] }];
  const uses = [{ caller: "bank", product: "p", quantity: row["use"], before: "0" }];
  expect((await issueStatement(november({ month, tariffs, uses }, rules))).statement.total).toBe(row["amount"]);
});

test("H7: rules that were rewritten under the same name show in the statement", async () => {
  const rewritten = {
    ...FUTIAN_2025,
    parameters: { ...FUTIAN_2025.parameters, vatPercent: { value: "9", source: "003 六(二)1" } },
  };
  const [one, two] = await Promise.all(
    [FUTIAN_2025, rewritten].map((set) => issueStatement(november({}, futian([set], "2026-11-01")))),
  );
  expect(one?.statement.rules.sets).toEqual(two?.statement.rules.sets);
  expect(one?.statement.rules.digest).not.toBe(two?.statement.rules.digest);
});

test("H7: assumed rules under a statement are named in it", async () => {
  const { statement } = await issueStatement(november({}));
  expect(statement.assumed.map(({ id }) => id).toSorted()).toEqual(["G2", "H6"]);
  const discounted = november({
    licences: [{ ...LICENCE, smallFirm: "register-3" }],
    tariffs: [{ ...TARIFF, smallFirmDiscountPercent: "20" }],
  });
  expect((await issueStatement(discounted)).statement.assumed.map(({ id }) => id)).toEqual(["G19", "G2", "G28", "H6"]);
  expect(statement.assumed.every(({ assumed }) => assumed.zh !== "" && assumed.en !== "")).toBe(true);
});

test("H7: a statement with one changed member is refused, and so is one whose amounts do not sum", async () => {
  const issued = await issueStatement(november({}));
  expect(await checkIssued(JSON.parse(JSON.stringify(issued)))).toEqual(issued);
  const [line] = issued.statement.lines;
  const changes: Partial<IssuedStatement["statement"]>[] = [
    { total: "5.01" },
    { month: "2026-10" },
    { lines: line === undefined ? [] : [{ ...line, amount: "4.99" }] },
    { rules: { ...issued.statement.rules, sets: ["futian-2024"] } },
  ];
  for (const change of changes) {
    const altered = { ...issued, statement: { ...issued.statement, ...change } };
    await expect(checkIssued(altered)).rejects.toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_ALTERED" }));
  }
  const unsummed = { ...issued.statement, total: "5.01" };
  await expect(checkIssued({ statement: unsummed, digest: await documentHash(unsummed) })).rejects.toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_ALTERED" }),
  );
  await expect(checkIssued({ ...issued, statement: { ...issued.statement, total: "NaN" } })).rejects.toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }),
  );
});

test("H7: a month that is issued line by line is the statement with its derivations, under the hash of its canonical JSON", async () => {
  const free = { ...LICENCE, id: "f", caller: "clinic", purpose: "public-welfare", evidence: FREE_EVIDENCE };
  const input = {
    month: "2026-11",
    products: [PRODUCT],
    licences: [{ ...LICENCE, smallFirm: "register-3" }, free],
    tariffs: [{ ...TARIFF, freeQuota: "3", smallFirmDiscountPercent: "20" }],
    filings: [FILING],
    uses: ["clinic", "bank"].map((caller) => ({ caller, product: "p", quantity: "5", before: "0" })),
  };
  const issued = await issueStatement(chargedMonth(input, futianRules()), "ab".repeat(32));
  expect(issued).toEqual(await issueStatement(monthlyStatement(input, futianRules()), "ab".repeat(32)));
  expect(issued.digest).toBe(await documentHash(issued.statement));
  expect(issued.statement.lines.map(({ caller, free: within, amount }) => [caller, within, amount])).toEqual([
    ["bank", "0", "4.00"],
    ["clinic", "3", "2.00"],
  ]);
  expect(issued.statement).toMatchObject({
    corrects: "ab".repeat(32),
    total: "6.00",
    lines: [{ smallFirm: "register-3" }, {}],
  });
});

test("H7: a month has one statement, and a correction names the last one", async () => {
  const first = await issueStatement(november({}));
  const register = await withIssued([], first);
  expect(await withIssued(register, first)).toBe(register);
  const uses = [{ caller: "bank", product: "p", quantity: "6", before: "0" }];
  const second = await issueStatement(november({ uses }));
  const refused = "the statement of 2026-11 is refused by rule H7";
  await expect(withIssued(register, second)).rejects.toThrow(refused);
  const correction = await issueStatement(november({ uses }), first.digest);
  const corrected = await withIssued(register, correction);
  expect(corrected).toEqual([first, correction]);
  const stale = await issueStatement(november({ uses: [] }), first.digest);
  await expect(withIssued(corrected, stale)).rejects.toThrow(refused);
  await expect(withIssued([], correction)).rejects.toThrow(refused);
  const part = await issueStatement(statementFor(november({}), "bank"));
  expect(part.statement.caller).toBe("bank");
  expect(part.digest).toBe(await documentHash(part.statement));
  expect(await withIssued(register, part)).toEqual([first, part]);
  const cheap = await issueStatement(statementFor(november(halfFen), "bank"));
  await expect(withIssued(register, cheap)).rejects.toThrow("its lines of bank are others");
  const parted = await withIssued([], cheap);
  await expect(withIssued(parted, first)).rejects.toThrow("its lines of bank are others");
  expect(await withIssued(await withIssued([], part), first)).toEqual([part, first]);
  const reissued = await issueStatement(statementFor(november({ uses }), "bank"));
  expect(await withIssued(corrected, reissued)).toHaveLength(3);
  const forged = { ...second, digest: "00".repeat(32) };
  await expect(withIssued([], forged)).rejects.toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_ALTERED" }));
});
