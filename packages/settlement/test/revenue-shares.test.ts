/** Shares of revenue: rows H1, H2, H4, H5, H7 and H12.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addEntries,
  agreementOn,
  balanceOf,
  endDispute,
  exact,
  openLedger,
  payableTo,
  receivableOf,
  revenueAccounts,
  roundingsUnder,
  settleMonth,
  wholeFen,
  yuanText,
  type ContributionClass,
  type Ledger,
  type MonthSettlement,
  type RevenueRole,
  type ShareAgreement,
} from "../src/index.ts";
import { agreement, historyOf, line, monthOf, percent, share } from "./revenue-fixture.ts";
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

test("H1: a product without an agreement on the month's last day, and unknown roles or contributions, are refused", () => {
  const later = historyOf(agreement([], { from: "2026-12-01" }));
  expect(() => settleMonth(monthOf(later, [line("bill-1", 1n)]))).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED", message: expect.stringContaining("H1") as string }),
  );
  expect(agreementOn(historyOf(agreement([], { from: "2026-11-30" })), "credit", "2026-11-30").version).toBe(1);
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
      for (const { id, amount } of lines) {
        const parts = settlement.shares.filter((one) => one.line === id);
        expect(parts.reduce((sum, one) => sum + one.amount, 0n)).toBe(amount);
      }
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
    inputs: [{ line: "lines/bill-1" }],
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

test("H7: a new ratio holds from its day, and what was settled before is the same with it and without it", () => {
  const first = agreement([share("a", "partner", percent("10"))]);
  const second = agreement([share("a", "partner", percent("20"))], { version: 2, from: "2026-11-15" });
  const october = (history: ReturnType<typeof historyOf>) =>
    settleMonth(monthOf(history, [line("bill-1", 10_000n)], { month: "2026-10" }));
  expect(october(historyOf(first, second))).toEqual(october(historyOf(first)));
  const november = settleMonth(monthOf(historyOf(second, first), [line("bill-1", 10_000n)]));
  expect(november.agreements).toEqual([{ product: "credit", agreement: "credit-shares", version: 2 }]);
  expect(november.shares.find((one) => one.share === "a")?.amount).toBe(2_000n);
  for (const wrong of [{ version: 3 }, { version: 2, from: "2026-01-01" }, { version: 1 }]) {
    expect(() => historyOf(first, { ...second, ...wrong })).toThrow(
      expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED", message: expect.stringContaining("H7") as string }),
    );
  }
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
  const end = { settlement, line: "bill-2", reason: "the receipts agree", at: "2026-12-05T00:00:00.000Z" } as const;
  const rejected = addEntries(ledger, endDispute({ ...end, decision: "rejected" })).ledger;
  expect(standing(rejected)).toEqual([15_000n, 1_500n, 15_000n]);
  const upheld = addEntries(ledger, endDispute({ ...end, decision: "upheld" })).ledger;
  expect(standing(upheld)).toEqual([10_000n, 1_000n, 10_000n]);
  const refusedEntries = addEntries(upheld, endDispute({ ...end, decision: "rejected" }));
  expect(refusedEntries.outcomes.every((one) => one.kind === "refused" && one.reason === "not-held")).toBe(true);
  expect(() => endDispute({ ...end, line: "bill-1", decision: "upheld" })).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED" }),
  );
  const unknown = [{ line: "bill-9", by: "bank-a", reason: "x", evidence: "y" }];
  expect(() => settleMonth(monthOf(history, [line("bill-1", 1n)], { disputes: unknown }))).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED", message: expect.stringContaining("H12") as string }),
  );
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
