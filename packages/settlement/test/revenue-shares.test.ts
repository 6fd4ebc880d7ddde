/** Shares of revenue: rows H1, H2, H4, H5, H7 and H12.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addEntries,
  agreementFor,
  agreementHistory,
  balanceOf,
  disputePosted,
  endDispute,
  exact,
  openLedger,
  payableTo,
  receivableOf,
  revenueAccounts,
  revenueLines,
  roundingsUnder,
  settleMonth,
  wholeFen,
  yuanText,
  type AgreementHistory,
  type ContributionClass,
  type Ledger,
  type MonthSettlement,
  type RevenueRole,
  type ShareAgreement,
} from "../src/index.ts";
import { agreement, changeTo, historyOf, line, monthOf, percent, share } from "./revenue-fixture.ts";
import { FREE_EVIDENCE, LICENCE, november } from "./statement-fixture.ts";
import { vectorTable } from "./vector-tables.ts";

function booked(settlement: MonthSettlement, before: Ledger = ledgerOf()): Ledger {
  const { ledger, outcomes } = addEntries(before, settlement.entries);
  expect(outcomes.filter(({ kind }) => kind === "refused")).toEqual([]);
  return ledger;
}

function ledgerOf(): Ledger {
  const parties = ["human-resources", "data-bureau", "exchange", "lab", "a", "b"];
  return openLedger(revenueAccounts({ callers: ["bank-a", "bank-b"], parties }));
}

test("H1: each share has a party and a class of contribution, and gets its part", () => {
  const rows = vectorTable("revenue", "H1");
  const shares = rows
    .filter((row) => row["role"] !== "operator")
    .map((row) => ({
      id: row["party"] ?? "",
      party: row["party"] ?? "",
      role: row["role"] as RevenueRole,
      contribution: row["contribution"] as ContributionClass,
      term: percent(row["percent"] ?? ""),
    }));
  const settlement = settleMonth(monthOf(historyOf(agreement(shares)), [line("bill-1", 100_000n)]));
  const found = settlement.shares.map(({ party, role, contribution, amount }) => [
    party,
    role,
    contribution,
    yuanText(amount),
  ]);
  expect(found).toEqual(rows.map((row) => [row["party"], row["role"], row["contribution"], row["amount"]]));
});

test("H1: a product without an agreement for the month, and unknown roles or contributions, are refused", () => {
  const refused = expect.objectContaining({
    code: "ERR_SETTLEMENT_REFUSED",
    message: expect.stringContaining("H1") as string,
  });
  for (const term of [{ from: "2026-12" }, { until: "2026-10" }]) {
    const other = historyOf(agreement([], term));
    expect(() => settleMonth(monthOf(other, [line("bill-1", 1n)]))).toThrow(refused);
    expect(settleMonth(monthOf(other, [])).agreements).toEqual([]);
  }
  const exactly = historyOf(agreement([], { from: "2026-11", until: "2026-11" }));
  expect(agreementFor(exactly, "credit", "2026-11").version).toBe(1);
  expect(() => agreementFor(exactly, "credit", "2026-12")).toThrow(refused);
  for (const bad of [{ role: "friend" }, { contribution: "friendship" }]) {
    const shares = [{ ...share("a", "partner", percent("1")), ...bad }] as ShareAgreement["shares"];
    expect(() => historyOf(agreement(shares))).toThrow(
      expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT", message: expect.stringContaining("(a)") as string }),
    );
  }
});

test.each(vectorTable("revenue", "H2"))("H2: $price at $a and $b per cent", (row) => {
  const shares = ["a", "b"]
    .filter((name) => Number(row[name]) > 0)
    .map((name) => share(name, "partner", percent(row[name] ?? "")));
  const price = wholeFen(exact(row["price"] ?? ""), "price");
  const settlement = settleMonth(monthOf(historyOf(agreement(shares)), [line("bill-1", price)]));
  const amount = (name: string): string => yuanText(settlement.shares.find((one) => one.share === name)?.amount ?? 0n);
  expect([amount("a"), amount("b"), amount("operator")]).toEqual([row["a gets"], row["b gets"], row["operator gets"]]);
});

test("H2: fixed sums are due by the month or at launch, whatever came in, and are the operator's expense", () => {
  const shares = [
    share("a", "partner", { kind: "fixed", amount: "1500.00", every: "month" }),
    share("b", "partner", { kind: "fixed", amount: "80000.00", every: "launch" }),
    share("own", "operator", { kind: "fixed", amount: "7.00", every: "month" }, "city-data"),
  ];
  const history = historyOf(agreement(shares));
  const usual = booked(settleMonth(monthOf(history, [line("bill-1", 100n)])));
  expect(balanceOf(usual, payableTo("a")).posted).toBe(150_000n);
  expect(balanceOf(usual, payableTo("b")).posted).toBe(0n);
  expect(balanceOf(usual, "shares").posted).toBe(150_000n);
  const without = booked(settleMonth(monthOf(history, [])));
  expect(balanceOf(without, payableTo("a")).posted).toBe(150_000n);
  const launch = booked(settleMonth(monthOf(history, [], { launched: ["credit"] })));
  expect(balanceOf(launch, payableTo("b")).posted).toBe(8_000_000n);
  expect(launch.transfers.size).toBe(2);
});

test("H2: shares above 100 %, of nothing, or that are no number are refused", () => {
  const lists = [["60", "40.0001"], ["0"], ["100.0001"], ["-1"], ["1e1"], ["NaN"], ["1.00001"], [""]];
  for (const percents of lists) {
    const shares = percents.map((text, i) => share(`s${i}`, "partner", percent(text)));
    expect(() => historyOf(agreement(shares)), percents.join()).toThrow(
      expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }),
    );
  }
  expect(() =>
    historyOf(agreement([share("a", "partner", percent("60")), share("b", "source", percent("40"))])),
  ).not.toThrow();
  const twice = [share("a", "partner", percent("1")), share("a", "source", percent("1"))];
  expect(() => historyOf(agreement(twice))).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }));
});

test("H2: whatever the shares and lines, they sum to the whole, in any order of the inputs, and the ledger owes as much", () => {
  const terms = fc.array(fc.integer({ min: 1, max: 500_000 }), { maxLength: 2 });
  const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(terms, amounts, (parts, list) => {
      const names = ["a", "b"];
      const shares = parts.map((part, i) => share(names[i] ?? "", "partner", percent((part / 10_000).toFixed(4))));
      const history = historyOf(agreement(shares));
      const lines = list.map((amount, i) => line(`bill-${i}`, amount, { caller: i % 2 === 0 ? "bank-a" : "bank-b" }));
      const settlement = settleMonth(monthOf(history, lines));
      expect(settlement.shares.reduce((sum, one) => sum + one.amount, 0n)).toBe(settlement.total);
      // The same income in one bill is split the same.
      const whole = settleMonth(monthOf(history, [line("bill", settlement.total)]));
      expect(whole.shares.map(({ share: id, amount }) => [id, amount])).toEqual(
        settlement.shares.map(({ share: id, amount }) => [id, amount]),
      );
      expect(settleMonth(monthOf(history, lines.toReversed()))).toEqual(settlement);
      const ledger = booked(settlement);
      const income = balanceOf(ledger, "income").posted;
      expect(income).toBe(list.reduce((sum, amount) => sum + amount, 0n));
      expect(income).toBe(
        balanceOf(ledger, receivableOf("bank-a")).posted + balanceOf(ledger, receivableOf("bank-b")).posted,
      );
      const owed = names.map((name) => balanceOf(ledger, payableTo(name)).posted).reduce((sum, one) => sum + one, 0n);
      const operators = settlement.shares.filter((one) => one.share === "operator");
      expect(owed + operators.reduce((sum, one) => sum + one.amount, 0n)).toBe(income);
      // The same month again changes nothing.
      expect(addEntries(ledger, settlement.entries).ledger).toEqual(ledger);
    }),
  );
});

test("H2: a share tells its price, its agreement, and how it was rounded", () => {
  const settlement = settleMonth(
    monthOf(historyOf(agreement([share("a", "partner", percent("33.3333"))])), [line("bill-1", 5n)]),
  );
  const figure = settlement.shares.find((one) => one.share === "a")?.figure;
  expect(figure?.derivation).toMatchObject({
    rule: { id: "H2", set: "credit-shares v1" },
    inputs: [{ id: "income:credit", derivation: { inputs: [{ line: "lines/bill-1" }] } }],
  });
  const roundings = figure === undefined ? [] : roundingsUnder(figure);
  expect(roundings.map(({ rounding }) => [rounding.mode, rounding.exact])).toEqual([
    ["largest-remainder", "0.01666665"],
  ]);
});

test("H4: a service in place of cash is recorded with its value and evidence, and no cash moves", () => {
  const term = {
    kind: "non-cash",
    service: "data cleaning",
    value: "20000.00",
    evidence: "contract-7",
    every: "month",
  } as const;
  const settlement = settleMonth(
    monthOf(historyOf(agreement([share("human-resources", "source", term)])), [line("bill-1", 100n)]),
  );
  expect(settlement.shares.find((one) => one.kind === "non-cash")).toMatchObject({
    party: "human-resources",
    amount: 0n,
    nonCash: { service: "data cleaning", value: 2_000_000n, evidence: "contract-7" },
  });
  expect(balanceOf(booked(settlement), payableTo("human-resources")).posted).toBe(0n);
  const without = { ...term, evidence: "" };
  expect(() => historyOf(agreement([share("a", "source", without)]))).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }),
  );
});

test.each(vectorTable("revenue", "H4"))("H4: $service by the $every, launched: $launched", (row) => {
  const [service, value, every] = [row["service"] ?? "", row["value"] ?? "", row["every"] as "month" | "launch"];
  const term = { kind: "non-cash", service, value, evidence: "contract-7", every } as const;
  const launched = row["launched"] === "yes" ? ["credit"] : [];
  const settlement = settleMonth(monthOf(historyOf(agreement([share("a", "source", term)])), [], { launched }));
  const recorded = settlement.shares.find((one) => one.kind === "non-cash")?.nonCash?.value;
  expect(recorded === undefined ? "–" : yuanText(recorded)).toBe(row["recorded"]);
  expect(yuanText(balanceOf(booked(settlement), payableTo("a")).posted)).toBe(row["cash"]);
});

test.each(vectorTable("revenue", "H5"))("H5: a free line is $amount for a share of $percent %", (row) => {
  const history = historyOf(agreement([share("a", "source", percent(row["percent"] ?? ""))]));
  const settlement = settleMonth(monthOf(history, [line("bill-1", 0n, { free: true })]));
  expect(settlement.shares.map(({ amount, recognition }) => [yuanText(amount), recognition === undefined])).toEqual([
    [row["amount"], row["recognition"] !== "yes"],
  ]);
});

test.each(vectorTable("revenue", "H7"))("H7: in $month the share is $share", (row) => {
  const first = agreement([share("a", "partner", percent(row["ratio before"] ?? ""))]);
  const second = agreement([share("a", "partner", percent(row["ratio from 2026-11"] ?? ""))], {
    version: 2,
    from: "2026-11",
  });
  const price = wholeFen(exact(row["price"] ?? ""), "price");
  const input = monthOf(historyOf(first, changeTo(second)), [line("bill-1", price)], { month: row["month"] ?? "" });
  expect(yuanText(settleMonth(input).shares.find((one) => one.share === "a")?.amount ?? 0n)).toBe(row["share"]);
});

test.each(vectorTable("revenue", "H12"))("H12: a dispute that is $state", (row) => {
  const amounts = ["line", "disputed line"].map((column) => wholeFen(exact(row[column] ?? ""), column));
  const lines = amounts.map((amount, i) => line(`bill-${i}`, amount));
  const disputes = [{ line: "bill-1", by: "bank-a", reason: "r", evidence: "e" }];
  const settlement = settleMonth(
    monthOf(historyOf(agreement([share("a", "partner", percent("10"))])), lines, { disputes }),
  );
  const end = {
    entries: settlement.entries,
    line: "bill-1",
    reason: "r",
    actor: "agency",
    at: "2026-12-05T00:00:00.000Z",
  } as const;
  const decision = row["state"] as "upheld" | "rejected" | "open";
  const ended = decision === "open" ? [] : endDispute({ ...end, decision });
  const { ledger } = addEntries(booked(settlement), ended);
  const accounts = ["income", payableTo("a"), receivableOf("bank-a")];
  expect(accounts.map((account) => yuanText(balanceOf(ledger, account).posted))).toEqual([
    row["income"],
    row["partner"],
    row["owed by the caller"],
  ]);
});

test("H5: a free product is settled with zero amounts and recognition, and moves no money", () => {
  const shares = [
    share("human-resources", "source", percent("30")),
    share("lab", "partner", { kind: "recognition", statement: "named in the yearly report" }),
  ];
  const history = historyOf(agreement(shares));
  const settlement = settleMonth(monthOf(history, [line("bill-1", 0n, { free: true })]));
  const ofLine = settlement.shares.filter((one) => one.line === "bill-1");
  expect(ofLine.map(({ party, kind, amount }) => [party, kind, amount])).toEqual([
    ["human-resources", "recognition", 0n],
    ["lab", "recognition", 0n],
  ]);
  expect(ofLine[1]?.recognition).toBe("named in the yearly report");
  expect(settlement.entries).toEqual([]);
  expect(() => settleMonth(monthOf(history, [line("bill-1", 1n, { free: true })]))).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }),
  );
});

test("H7: a new ratio holds from a month on, and what was settled before is the same with it and without it", () => {
  const first = agreement([share("a", "partner", percent("20"))]);
  const second = agreement([share("a", "partner", percent("10"))], { version: 2, from: "2026-11" });
  const october = (history: AgreementHistory) =>
    settleMonth(monthOf(history, [line("bill-1", 10_000n)], { month: "2026-10" }));
  expect(october(historyOf(first, changeTo(second)))).toEqual(october(historyOf(first)));
  const november = settleMonth(monthOf(historyOf(first, changeTo(second)), [line("bill-1", 10_000n)]));
  expect(november.agreements).toEqual([{ product: "credit", agreement: "credit-shares", version: 2 }]);
  expect(november.shares.find((one) => one.share === "a")?.amount).toBe(1_000n);
  expect(() => historyOf(agreement([], { from: "2026-11-15" }))).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT", message: expect.stringContaining("/from") as string }),
  );
});

test("H7: a later version comes by a change alone", () => {
  const first = agreement([share("a", "partner", percent("20"))]);
  const second = agreement([share("a", "partner", percent("10"))], { version: 2, from: "2026-11" });
  const refusedBy = (rule: string): unknown =>
    expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED", message: expect.stringContaining(rule) as string });
  expect(() => agreementHistory([first, second])).toThrow(refusedBy("H7"));
  expect(() => agreementHistory([second])).toThrow(refusedBy("H7"));
  expect(() => agreementHistory([first, first])).toThrow(refusedBy("H7"));
  expect(() => agreementHistory([], [changeTo(second)])).toThrow(refusedBy("H7"));
  for (const wrong of [{ version: 3 }, { from: "2026-01" }, { version: 1 }]) {
    expect(() => historyOf(first, changeTo({ ...second, ...wrong }))).toThrow(refusedBy("H8"));
  }
  const third = agreement([share("a", "partner", percent("5"))], { version: 3, from: "2026-12" });
  expect(agreementHistory([first], [changeTo(third), changeTo(second)]).changes).toHaveLength(2);
});

test("H12: a disputed line is frozen and the rest settled; the end of the dispute posts all of it, or voids all of it", () => {
  const history = historyOf(agreement([share("a", "partner", percent("10"))]));
  const disputes = [{ line: "bill-2", by: "bank-a", reason: "counted twice", evidence: "letter-3" }];
  const settlement = settleMonth(monthOf(history, [line("bill-1", 10_000n), line("bill-2", 5_000n)], { disputes }));
  expect([settlement.total, settlement.frozen]).toEqual([15_000n, 5_000n]);
  expect(settlement.shares.filter((one) => one.frozen !== undefined).map((one) => one.line)).toEqual([
    "bill-2",
    "bill-2",
  ]);
  const ledger = booked(settlement);
  const standing = (book: Ledger): bigint[] =>
    ["income", payableTo("a"), receivableOf("bank-a")].map((account) => balanceOf(book, account).posted);
  expect(standing(ledger)).toEqual([10_000n, 1_000n, 10_000n]);
  const end = {
    line: "bill-2",
    reason: "the receipts agree",
    actor: "agency",
    at: "2026-12-05T00:00:00.000Z",
  } as const;
  const { entries } = settlement;
  const rejected = addEntries(ledger, endDispute({ ...end, entries, decision: "rejected" })).ledger;
  expect(standing(rejected)).toEqual([15_000n, 1_500n, 15_000n]);
  const upheld = addEntries(ledger, endDispute({ ...end, entries, decision: "upheld" })).ledger;
  expect(standing(upheld)).toEqual([10_000n, 1_000n, 10_000n]);
  const refusedEntries = addEntries(upheld, endDispute({ ...end, entries, decision: "rejected" }));
  expect(refusedEntries.outcomes.every((one) => one.kind === "refused" && one.reason === "not-held")).toBe(true);
  const refusal = expect.objectContaining({
    code: "ERR_SETTLEMENT_REFUSED",
    message: expect.stringContaining("H12") as string,
  });
  expect(() => endDispute({ ...end, entries, line: "bill-1", decision: "upheld" })).toThrow(refusal);
  expect(() => endDispute({ ...end, entries, actor: "operator", decision: "upheld" })).toThrow(refusal);
  const unknown = [{ line: "bill-9", by: "bank-a", reason: "x", evidence: "y" }];
  expect(() => settleMonth(monthOf(history, [line("bill-1", 1n)], { disputes: unknown }))).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED", message: expect.stringContaining("H12") as string }),
  );
});

test("H12: a line that was posted is taken back as a held reversal, which stands or falls with the dispute", () => {
  const history = historyOf(agreement([share("a", "partner", percent("10"))]));
  const bill = line("bill-2", 5_000n);
  const posted = booked(settleMonth(monthOf(history, [line("bill-1", 10_000n), bill])));
  const standing = (book: Ledger): bigint[][] =>
    ["income", payableTo("a"), receivableOf("bank-a")].map((account) => Object.values(balanceOf(book, account)));
  const dispute = { line: "bill-2", by: "bank-a", reason: "counted twice", evidence: "letter-3" };
  const at = "2026-12-05T00:00:00.000Z";
  const entries = disputePosted({ month: "2026-11", line: bill, dispute, history, at });
  const { ledger, outcomes } = addEntries(posted, entries);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["taken", "taken"]);
  expect(standing(ledger)).toEqual([
    [15_000n, 10_000n],
    [1_500n, 1_000n],
    [15_000n, 10_000n],
  ]);
  const end = { entries, line: "bill-2", actor: "agency", reason: "r", at } as const;
  const upheld = addEntries(ledger, endDispute({ ...end, decision: "upheld" })).ledger;
  expect(standing(upheld).map(([amount]) => amount)).toEqual([10_000n, 1_000n, 10_000n]);
  const rejected = addEntries(ledger, endDispute({ ...end, decision: "rejected" })).ledger;
  expect(standing(rejected).map(([amount]) => amount)).toEqual([15_000n, 1_500n, 15_000n]);
});

test("names of lines, products and shares never meet in the name of one transfer", () => {
  const fixed = { kind: "fixed", amount: "7.00", every: "month" } as const;
  const history = agreementHistory([
    agreement([share("s", "partner", percent("10"), "a"), share("t", "partner", fixed, "b")]),
    agreement([share("s", "partner", fixed, "a"), share("t", "partner", percent("10"), "b")], { product: "other" }),
  ]);
  const lines = [line("credit", 1_000n), line("other", 1_000n, { product: "other" }), line("a:s", 500n)];
  const disputes = [{ line: "a:s", by: "bank-a", reason: "r", evidence: "e" }];
  const settlement = settleMonth(monthOf(history, lines, { disputes }));
  const names = settlement.entries.flatMap((entry) => ("id" in Object(entry.transfer) ? [Object(entry.transfer)] : []));
  expect(new Set(names.map(({ id }: { id: string }) => id)).size).toBe(settlement.entries.length);
  booked(settlement);
});

test("H11: the lines of a statement are distributed as they are, free ones without cash", () => {
  const statement = november({ uses: [{ caller: "bank", product: "p", quantity: "5", before: "0" }] });
  expect(revenueLines(statement)).toEqual([{ id: "bank:p", product: "p", caller: "bank", amount: 500n, free: false }]);
  const free = november({
    licences: [{ ...LICENCE, purpose: "public-welfare", evidence: FREE_EVIDENCE }],
    tariffs: [],
    uses: [{ caller: "bank", product: "p", quantity: "5", before: "0" }],
  });
  expect(revenueLines(free)).toMatchObject([{ amount: 0n, free: true }]);
  const history = historyOf(agreement([share("a", "partner", percent("10"))], { product: "p" }));
  const settlement = settleMonth(monthOf(history, revenueLines(statement)));
  expect(settlement.total).toBe(wholeFen(statement.total.value, "total"));
});

test("lines with a negative amount, of one id, or of no month are refused before anything is computed", () => {
  const history = historyOf(agreement([]));
  const bad = [
    monthOf(history, [line("bill-1", -1n)]),
    monthOf(history, [line("bill-1", 1n), line("bill-1", 1n)]),
    monthOf(history, [line("bill-1", 1n)], { month: "2026-13" }),
    monthOf(history, [line("Bill 1", 1n)]),
  ];
  for (const input of bad) {
    expect(() => settleMonth(input)).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }));
  }
});
