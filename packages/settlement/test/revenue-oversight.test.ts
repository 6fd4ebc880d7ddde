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
  requireTreasuryFee,
  revenueAccounts,
  RULE_SETS,
  rulesFor,
  settleMonth,
  treasuryEntries,
  treasuryPayment,
  treasuryStates,
  wholeFen,
  yuanText,
  type Entry,
  type Ledger,
  type RevenueAction,
  type RevenueActor,
  type ShareAgreement,
  type ShareChange,
} from "../src/index.ts";
import { agreement, AT, changeTo, historyOf, line, monthOf, percent, share } from "./revenue-fixture.ts";
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
  expect(treasuryStates([fee], ledger, "2026-11-01")[0]).toMatchObject({ state: "paid-late", daysLate: 1 });
});

test("H3: where the rules require a fee, a period without one is refused", () => {
  const fee = { id: "fee-q3", period: "2026 Q3", amount: "50.00", dueOn: "2026-10-31", evidence: "agreement 4" };
  const rulesOf = (jurisdiction: string) => rulesFor({ sets: RULE_SETS, jurisdiction, on: "2026-10-01" });
  expect(() => requireTreasuryFee([fee], "2026 Q4", rulesOf("shuozhou"))).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_MISSING", message: expect.stringContaining("H3") as string }),
  );
  expect(() => requireTreasuryFee([fee], "2026 Q3", rulesOf("shuozhou"))).not.toThrow();
  expect(() => requireTreasuryFee([], "2026 Q3", rulesOf("futian"))).not.toThrow();
});

test("H3: a party stands once in a ratio, and no party's name is the public pool's", () => {
  const send = (others: { party: string; ratio: string }[]) =>
    excessEntries({
      period: "2026",
      actual: 20_000n,
      permitted: 10_000n,
      ratio: { government: "40", others },
      operator: "city-data",
      at: AT,
    });
  const twice = [
    { party: "lab", ratio: "30" },
    { party: "lab", ratio: "30" },
  ];
  expect(() => send(twice)).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }));
  const pool = openLedger(revenueAccounts({ callers: [], parties: ["public-pool"] }));
  const ledger = taken(send([{ party: "public-pool", ratio: "60" }]), pool);
  expect([balanceOf(ledger, "treasury").posted, balanceOf(ledger, payableTo("public-pool")).posted]).toEqual([
    4_000n,
    6_000n,
  ]);
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

const CURRENT = agreement([
  share("human-resources", "source", percent("30")),
  share("lab", "partner", percent("10")),
  share("rent", "source", { kind: "fixed", amount: "1000.00", every: "month" }, "human-resources"),
]);

function next(shares: ShareAgreement["shares"], more: Partial<ShareAgreement> = {}): ShareAgreement {
  return agreement(shares, { version: 2, from: "2027-01", ...more });
}

test.each(vectorTable("revenue", "H8"))("H8: $change", (row) => {
  const shares = (row["shares"] ?? "").split(" · ").map((text) => {
    const [id = "", role = "", party = "", term = ""] = text.split(" ");
    const [amount = "", every = ""] = term.split("/");
    const kind =
      every === "" ? percent(amount) : ({ kind: "fixed", amount, every: every as "month" | "launch" } as const);
    return share(id, role as "partner", kind, party);
  });
  const operator = row["operator"] ?? "";
  const { flags } = approveChange(CURRENT, changeTo(next(shares, { operator })));
  const found = flags.map(({ kind, party, measure }) =>
    [kind, party, measure].filter((part) => part !== undefined).join(" "),
  );
  expect(found.join(" · ")).toBe(row["flags"] === "–" ? "" : row["flags"]);
});

test("H8: one person, one party, somebody who may not, one who gains, no reason, or another version are refused", () => {
  const same = next(CURRENT.shares);
  const wang = { person: "wang-fang", party: "data-bureau", actor: "agency" } as const;
  const li = { person: "li-wei", party: "city-data", actor: "operator" } as const;
  const more = CURRENT.shares.map((line) => (line.id === "human-resources" ? { ...line, term: percent("31") } : line));
  const attempts: ShareChange[] = [
    changeTo(same, { approvedBy: { ...wang, person: "li-wei" } }),
    changeTo(same, { approvedBy: { ...wang, person: "zhao-min", party: "city-data" } }),
    changeTo(same, { approvedBy: { person: "zhao-min", party: "lab", actor: "partner" } }),
    changeTo(same, { approvedBy: { person: "zhao-min", party: "audit-office", actor: "auditor" } }),
    changeTo(same, { proposedBy: { ...li, actor: "public" } }),
    changeTo(next(more), { approvedBy: { person: "sun-li", party: "human-resources", actor: "source" } }),
    changeTo({ ...same, version: 3 }),
    changeTo({ ...same, from: CURRENT.from }),
    changeTo({ ...same, product: "other" }),
  ];
  for (const [i, change] of attempts.entries()) {
    expect(() => approveChange(CURRENT, change), String(i)).toThrow(
      expect.objectContaining({ code: "ERR_SETTLEMENT_REFUSED", message: expect.stringContaining("H8") as string }),
    );
  }
  expect(() => approveChange(CURRENT, changeTo(same, { reason: "" }))).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }),
  );
  const shell = [...CURRENT.shares, share("shell", "operator", percent("1"))];
  expect(() => approveChange(CURRENT, changeTo(next(shell)))).toThrow(
    expect.objectContaining({
      code: "ERR_SETTLEMENT_INPUT",
      message: expect.stringContaining("(shell)/role") as string,
    }),
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

test.each(vectorTable("revenue", "H9"))("H9: $actor does what the table says and nothing else", (row) => {
  const actions: Record<string, RevenueAction> = {
    "reads the ledger": "read-ledger",
    proposes: "propose-share-change",
    approves: "approve-share-change",
    posts: "post-entries",
    "ends a dispute": "end-dispute",
    reports: "report",
  };
  for (const [column, action] of Object.entries(actions)) {
    expect(mayAct(row["actor"] as RevenueActor, action), column).toBe(row[column] === "yes");
  }
});

test.each(vectorTable("revenue", "H10"))("H10: of $[came in], $reinvested is reinvested", (row) => {
  const spent = reinvestment("servers", {
    reference: "out-1",
    amount: fen(row, "reinvested"),
    at: "2026-10-20T00:00:00.000Z",
  });
  const { ledger, outcomes } = addEntries(withCash(fen(row, "came in")), [spent]);
  const left = outcomes[0]?.kind === "refused" ? "refused" : yuanText(balanceOf(ledger, "bank").posted);
  expect(left).toBe(row["at the bank"]);
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
  const history = historyOf({ ...CURRENT, shares: CURRENT.shares.slice(0, 2) });
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
