/** The government's part, changes of shares, audit, the separate account and reconciliation: rows H3 and H8 to H11.
 *  @module */
import { expect, test } from "vitest";
import {
  addEntries,
  approveChange,
  balanceOf,
  collection,
  exact,
  excessEntries,
  mayAct,
  openLedger,
  owedByCallers,
  payableTo,
  payout,
  readReport,
  reconcile,
  reinvestment,
  revenueAccounts,
  settleMonth,
  treasuryEntries,
  treasuryPayment,
  treasuryStates,
  wholeFen,
  yuanText,
  type Entry,
  type Ledger,
  type RevenueAction,
  type ShareAgreement,
  type ShareChange,
} from "../src/index.ts";
import { agreement, AT, historyOf, line, monthOf, percent, share } from "./revenue-fixture.ts";
import { vectorTable, type VectorRow } from "./vector-tables.ts";

const PARTIES = ["human-resources", "lab"];

function taken(
  entries: Entry[],
  ledger: Ledger = openLedger(revenueAccounts({ callers: ["bank-a"], parties: PARTIES })),
): Ledger {
  const added = addEntries(ledger, entries);
  expect(added.outcomes.filter(({ kind }) => kind !== "taken")).toEqual([]);
  return added.ledger;
}

function fen(row: VectorRow, column: string): bigint {
  return wholeFen(exact(row[column] ?? ""), column);
}

/** A ledger with that much in the separate account. */
function withCash(amount: bigint): Ledger {
  const bill = settleMonth(
    monthOf(historyOf(agreement([])), [line("bill-1", amount)], { at: "2026-10-01T00:00:00.000Z" }),
  );
  return taken([...bill.entries, collection("bank-a", { reference: "in-1", amount, at: "2026-10-02T00:00:00.000Z" })]);
}

test.each(vectorTable("revenue", "H3"))(
  "H3: a fee of $fee, paid $paid on $[paid on], is $state on $[asked on]",
  (row) => {
    const fee = {
      id: "fee-q3",
      period: "2026 Q3",
      amount: row["fee"] ?? "",
      dueOn: row["due on"] ?? "",
      evidence: "agreement 4",
    };
    const paid = treasuryPayment({
      fee: "fee-q3",
      payment: "1",
      amount: fen(row, "paid"),
      at: `${row["paid on"]}T15:59:59.999Z`,
    });
    const ledger = taken([...treasuryEntries([fee], "2026-10-10T00:00:00.000Z"), paid], withCash(10_000_000n));
    const [state] = treasuryStates([fee], ledger, row["asked on"] ?? "");
    expect([state?.state, state?.daysLate]).toEqual([row["state"], Number(row["days late"])]);
    expect(state?.owed).toBe(fen(row, "fee"));
  },
);

test("H3: a fee that the ledger does not owe as it stands is refused, and so is a payment above it", () => {
  const fee = { id: "fee-q3", period: "2026 Q3", amount: "50.00", dueOn: "2026-10-31", evidence: "agreement 4" };
  const ledger = taken(treasuryEntries([fee], "2026-10-10T00:00:00.000Z"), withCash(10_000n));
  expect(() => treasuryStates([{ ...fee, amount: "50.01" }], ledger, "2026-10-31")).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED", message: expect.stringContaining("H3") as string }),
  );
  const above = treasuryPayment({ fee: "fee-q3", payment: "1", amount: 5_001n, at: "2026-10-11T00:00:00.000Z" });
  expect(addEntries(ledger, [above]).outcomes).toEqual([{ kind: "refused", reason: "overdraft" }]);
});

test("H3: of a payment counts the day in Shanghai, which begins before that of Greenwich ends", () => {
  const fee = { id: "fee-q3", period: "2026 Q3", amount: "50.00", dueOn: "2026-10-31", evidence: "agreement 4" };
  const paid = treasuryPayment({ fee: "fee-q3", payment: "1", amount: 5_000n, at: "2026-10-31T16:00:00.000Z" });
  const ledger = taken([...treasuryEntries([fee], "2026-10-10T00:00:00.000Z"), paid], withCash(10_000n));
  expect(treasuryStates([fee], ledger, "2026-10-31")[0]?.state).toBe("due");
  expect(treasuryStates([fee], ledger, "2026-11-01")[0]?.state).toBe("paid");
});

test.each(vectorTable("revenue", "H3a"))("H3: $actual against a permitted $permitted is split by ratio", (row) => {
  const others = [
    { party: "city-data", ratio: row["operator"] ?? "" },
    { party: "human-resources", ratio: row["source"] ?? "" },
    { party: "lab", ratio: row["partner"] ?? "" },
  ];
  const ratio = { government: row["government"] ?? "", others };
  const amounts = { actual: fen(row, "actual"), permitted: fen(row, "permitted") };
  const entries = excessEntries({ period: "2026", ...amounts, ratio, operator: "city-data", at: AT });
  const ledger = taken(entries);
  expect(yuanText(balanceOf(ledger, "treasury").posted)).toBe(row["to the treasury"]);
  expect(yuanText(balanceOf(ledger, payableTo("human-resources")).posted)).toBe(row["to the source"]);
  expect(yuanText(balanceOf(ledger, payableTo("lab")).posted)).toBe(row["to the partner"]);
  for (const wrong of ["49.99", "1e1", "-50"]) {
    const sent = { period: "2026", ...amounts, ratio: { ...ratio, government: wrong }, operator: "city-data", at: AT };
    expect(() => excessEntries(sent)).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }));
  }
});

const CURRENT = agreement([share("human-resources", "source", percent("30")), share("lab", "partner", percent("10"))]);

function changeTo(shares: ShareAgreement["shares"], more: Partial<ShareChange> = {}): ShareChange {
  return {
    next: agreement(shares, { version: 2, from: "2027-01-01" }),
    reason: "a year's review",
    proposedBy: { person: "li-wei", party: "city-data" },
    approvedBy: { person: "wang-fang", party: "data-bureau" },
    at: "2026-12-01T00:00:00.000Z",
    ...more,
  };
}

test("H8: a lowered public share and a raised partner's share are flagged, other changes are not", () => {
  const flags = (shares: ShareAgreement["shares"]) =>
    approveChange(CURRENT, changeTo(shares)).flags.map(({ kind, line: id }) => `${kind} ${id}`);
  const [source, lab] = [CURRENT.shares[0], CURRENT.shares[1]].filter((one) => one !== undefined);
  if (source === undefined || lab === undefined) throw new Error("no shares");
  expect(flags([{ ...source, term: percent("29.9999") }, lab])).toEqual(["public-share-lowered human-resources"]);
  expect(flags([source, { ...lab, term: percent("10.0001") }])).toEqual(["partner-share-raised lab"]);
  expect(
    flags([
      { ...source, term: percent("31") },
      { ...lab, term: percent("9") },
    ]),
  ).toEqual([]);
  expect(flags([lab])).toEqual(["public-line-ended human-resources"]);
  expect(flags([{ ...source, party: "another" }, lab])).toEqual(["public-line-ended human-resources"]);
  expect(flags([source, lab, share("friend", "partner", percent("1"))])).toEqual(["partner-line-added friend"]);
  const cash = { kind: "recognition", statement: "thanks" } as const;
  expect(flags([{ ...source, term: cash }, lab])).toEqual(["public-share-lowered human-resources"]);
  expect(flags([source, { ...lab, term: { kind: "fixed", amount: "1.00", every: "month" } }])).toEqual([
    "partner-share-raised lab",
  ]);
});

test("H8: one person, one party, no reason, or another version are refused", () => {
  const attempts: ShareChange[] = [
    changeTo(CURRENT.shares, { approvedBy: { person: "li-wei", party: "data-bureau" } }),
    changeTo(CURRENT.shares, { approvedBy: { person: "zhao-min", party: "city-data" } }),
    changeTo(CURRENT.shares, { next: { ...CURRENT, version: 3, from: "2027-01-01" } }),
    changeTo(CURRENT.shares, { next: { ...CURRENT, version: 2 } }),
    changeTo(CURRENT.shares, { next: { ...CURRENT, version: 2, from: "2027-01-01", product: "other" } }),
  ];
  for (const change of attempts) {
    expect(() => approveChange(CURRENT, change)).toThrow(
      expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED", message: expect.stringContaining("H8") as string }),
    );
  }
  expect(() => approveChange(CURRENT, changeTo(CURRENT.shares, { reason: "" }))).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }),
  );
});

test("H9: auditors read everything and change nothing, and anybody may report without a name", () => {
  const writes: RevenueAction[] = [
    "propose-share-change",
    "approve-share-change",
    "post-entries",
    "dispute-line",
    "end-dispute",
  ];
  for (const actor of ["auditor", "supervisor"] as const) {
    expect(writes.filter((action) => mayAct(actor, action))).toEqual([]);
    expect((["read-ledger", "read-reports"] as const).every((action) => mayAct(actor, action))).toBe(true);
  }
  expect(writes.concat("read-ledger", "read-reports").filter((action) => mayAct("public", action))).toEqual([]);
  expect(mayAct("public", "report")).toBe(true);
  expect(mayAct("operator", "approve-share-change")).toBe(false);
  const report = {
    kind: "partner-share-raised",
    about: "credit",
    text: "a cousin's firm",
    at: "2026-11-29T00:00:00.000Z",
  };
  expect(readReport(report)).toEqual(report);
  for (const named of [
    { ...report, name: "Li Wei" },
    { ...report, phone: "13800000000" },
    { ...report, text: "" },
  ]) {
    expect(() => readReport(named)).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }));
  }
});

test("H10: the separate account agrees with the bank, and what was reinvested stands there with its purpose", () => {
  const spent = reinvestment("lookup servers", { reference: "out-1", amount: 30_000n, at: "2026-10-20T00:00:00.000Z" });
  const ledger = taken([spent], withCash(100_000n));
  expect(balanceOf(ledger, "bank").posted).toBe(70_000n);
  expect(balanceOf(ledger, "reinvestment").posted).toBe(30_000n);
  expect(ledger.transfers.get("reinvestment:out-1")?.transfer.memo).toContain("lookup servers");
  const ours = [...ledger.transfers.values()].flatMap(({ transfer: { debit, credit, amount, reference } }) => {
    if (reference === undefined || (debit !== "bank" && credit !== "bank")) return [];
    return [{ reference, amount: debit === "bank" ? amount : -amount }];
  });
  const bank = [
    { reference: "in-1", amount: 100_000n },
    { reference: "out-1", amount: -30_000n },
  ];
  expect(reconcile(ours, bank)).toEqual({ agreed: 2, ours: 70_000n, theirs: 70_000n, differences: [] });
  const more = reinvestment("more", { reference: "out-2", amount: 70_001n, at: "2026-10-21T00:00:00.000Z" });
  expect(addEntries(ledger, [more]).outcomes).toEqual([{ kind: "refused", reason: "overdraft" }]);
});

test("H11: what the exchange says agrees with the ledger, or each difference is listed", () => {
  const rows = vectorTable("revenue", "H11");
  const side = (column: string) =>
    rows.flatMap((row) =>
      row[column] === "" ? [] : [{ reference: row["reference"] ?? "", amount: fen(row, column) }],
    );
  const found = reconcile(side("ours"), side("theirs"));
  expect(found.differences.map(({ reference }) => reference)).toEqual(
    rows.filter((row) => row["difference"] === "yes").map((row) => row["reference"]),
  );
  expect(found.agreed).toBe(1);
  expect(found.differences.slice(1)).toEqual([
    { reference: "deal-3", ours: 2_000n, theirs: null },
    { reference: "deal-4", ours: null, theirs: 3_000n },
  ]);
  const parts = [...side("ours"), { reference: "deal-2", amount: -1n }];
  expect(reconcile(parts, side("theirs")).differences.map(({ reference }) => reference)).toEqual(["deal-3", "deal-4"]);
});

test("H11: measured, billed, split, collected and paid out: nobody pays or gets more than is owed", () => {
  const history = historyOf(CURRENT);
  const month = settleMonth(monthOf(history, [line("bill-1", 100_000n)]));
  const billed = taken([...month.entries]);
  expect(owedByCallers(billed)).toEqual([{ caller: "bank-a", owed: 100_000n }]);
  const at = "2026-12-10T00:00:00.000Z";
  const early = addEntries(billed, [payout("lab", { reference: "p-1", amount: 1n, at })]);
  expect(early.outcomes).toEqual([{ kind: "refused", reason: "overdraft" }]);
  const paid = taken([collection("bank-a", { reference: "c-1", amount: 100_000n, at })], billed);
  expect(owedByCallers(paid)).toEqual([]);
  const twice = addEntries(paid, [collection("bank-a", { reference: "c-2", amount: 1n, at })]);
  expect(twice.outcomes).toEqual([{ kind: "refused", reason: "overdraft" }]);
  const out = [
    payout("human-resources", { reference: "p-1", amount: 30_000n, at }),
    payout("lab", { reference: "p-2", amount: 10_000n, at }),
  ];
  const done = taken(out, paid);
  expect(balanceOf(done, "bank").posted).toBe(60_000n);
  expect(PARTIES.map((party) => balanceOf(done, payableTo(party)).posted)).toEqual([0n, 0n]);
});
