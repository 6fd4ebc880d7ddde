/** The ledger's invariants, against a plain account of the same entries.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addEntries,
  balanceOf,
  openLedger,
  trialBalance,
  type Account,
  type Entry,
  type Ledger,
  type Transfer,
} from "../src/index.ts";

const ACCOUNTS: Account[] = [
  { id: "bank", title: "专户 bank", kind: "asset", mayOverdraw: false },
  { id: "callers", title: "应收 callers", kind: "asset", mayOverdraw: true },
  { id: "income", title: "收入 income", kind: "income", mayOverdraw: true },
  { id: "source", title: "数源 source", kind: "liability", party: "human-resources", mayOverdraw: false },
  { id: "cost", title: "成本 cost", kind: "expense", mayOverdraw: true },
];

function at(second: number): string {
  return new Date(Date.UTC(2026, 10, 1) + second * 1_000).toISOString();
}

function transfer(id: string, debit: string, credit: string, amount: bigint, second = 0): Transfer {
  return { id, at: at(second), debit, credit, amount, memo: "a transfer" };
}

function post(...args: Parameters<typeof transfer>): Entry {
  return { type: "post", transfer: transfer(...args) };
}

function hold(...args: Parameters<typeof transfer>): Entry {
  return { type: "hold", transfer: transfer(...args) };
}

function after(entries: Entry[], ledger: Ledger = openLedger(ACCOUNTS)): Ledger {
  const added = addEntries(ledger, entries);
  expect(added.outcomes.every(({ kind }) => kind === "taken")).toBe(true);
  return added.ledger;
}

test("H10: what is posted is in the balance, and what is held only bounds it", () => {
  const paid = after([post("t1", "bank", "income", 10_000n)]);
  expect(balanceOf(paid, "bank")).toEqual({ posted: 10_000n, available: 10_000n });
  expect(balanceOf(paid, "income")).toEqual({ posted: 10_000n, available: 10_000n });
  const held = after([hold("t2", "cost", "bank", 6_000n, 1)], paid);
  expect(balanceOf(held, "bank")).toEqual({ posted: 10_000n, available: 4_000n });
  const tooMuch = addEntries(held, [post("t3", "cost", "bank", 4_001n, 2)]);
  expect(tooMuch.outcomes).toEqual([{ kind: "refused", reason: "overdraft" }]);
  expect(tooMuch.ledger).toEqual(held);
  const voided = after([{ type: "void-held", transfer: "t2", at: at(3), reason: "disputed" }], held);
  expect(balanceOf(voided, "bank")).toEqual({ posted: 10_000n, available: 10_000n });
  const postedLater = after([{ type: "post-held", transfer: "t2", at: at(3) }], held);
  expect(balanceOf(postedLater, "bank")).toEqual({ posted: 4_000n, available: 4_000n });
  expect(balanceOf(postedLater, "cost").posted).toBe(6_000n);
});

test("an entry that was taken before is `already`, and with other content refused", () => {
  const ledger = after([post("t1", "bank", "income", 5n), hold("t2", "cost", "bank", 5n)]);
  const ended = after([{ type: "post-held", transfer: "t2", at: at(1) }], ledger);
  const again = addEntries(ended, [
    post("t1", "bank", "income", 5n),
    hold("t2", "cost", "bank", 5n),
    { type: "post-held", transfer: "t2", at: at(1) },
    { type: "void-held", transfer: "t2", at: at(1), reason: "late" },
    post("t1", "bank", "income", 6n),
    hold("t1", "bank", "income", 5n),
    { type: "post-held", transfer: "t1", at: at(1) },
  ]);
  expect(again.ledger).toEqual(ended);
  expect(again.outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.reason : outcome.kind))).toEqual([
    "already",
    "already",
    "already",
    "not-held",
    "other-content",
    "other-content",
    "not-held",
  ]);
});

test("unknown accounts, one account for both sides, unknown transfers and earlier times are refused", () => {
  const ledger = after([post("t1", "bank", "income", 5n, 10)]);
  const refusals = addEntries(ledger, [
    post("t2", "nobody", "income", 5n, 10),
    post("t3", "bank", "bank", 5n, 10),
    { type: "void-held", transfer: "t9", at: at(10), reason: "unknown" },
    post("t4", "bank", "income", 5n, 9),
  ]);
  expect(refusals.outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.reason : outcome.kind))).toEqual([
    "account-unknown",
    "same-account",
    "transfer-unknown",
    "earlier-than-last",
  ]);
});

test("entries and accounts of another shape are refused by the name of their line, with nothing added", () => {
  const bad: unknown[] = [
    { ...post("t1", "bank", "income", 0n) },
    { ...post("t1", "bank", "income", -1n) },
    { ...post("t1", "bank", "income", 10n ** 13n + 1n) },
    { type: "post", transfer: { ...transfer("t1", "bank", "income", 5n), at: "2026-02-30T00:00:00.000Z" } },
    { type: "post", transfer: { ...transfer("t1", "bank", "income", 5n), amount: 5 } },
    { type: "burn", transfer: "t1" },
  ];
  for (const entry of bad) {
    expect(() => addEntries(openLedger(ACCOUNTS), [post("t0", "bank", "income", 1n), entry as Entry])).toThrow(
      expect.objectContaining({
        code: "ERR_SETTLEMENT_INPUT",
        message: expect.stringContaining("entries/1") as string,
      }),
    );
  }
  const twice = [...ACCOUNTS, ...ACCOUNTS.slice(0, 1)];
  expect(() => openLedger(twice)).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_INPUT" }));
});

const ids = fc.constantFrom(...ACCOUNTS.map(({ id }) => id));
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc
    .record({
      id: fc.nat(30),
      debit: ids,
      credit: ids,
      amount: fc.bigInt({ min: 1n, max: 1_000n }),
      holds: fc.boolean(),
    })
    .map(({ id, debit, credit, amount, holds }): Entry => (holds ? hold : post)(`t${id}`, debit, credit, amount)),
  fc
    .record({ id: fc.nat(30), posts: fc.boolean() })
    .map(({ id, posts }): Entry =>
      posts
        ? { type: "post-held", transfer: `t${id}`, at: at(0) }
        : { type: "void-held", transfer: `t${id}`, at: at(0), reason: "a reason" },
    ),
);

test("whatever is added: debits equal credits, no bounded account is overdrawn, and balances are those of the transfers", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 60 }), fc.nat(60), (entries, cut) => {
      const empty = openLedger(ACCOUNTS);
      const { ledger, outcomes } = addEntries(empty, entries);
      const { debitsPosted, creditsPosted, debitsHeld, creditsHeld } = trialBalance(ledger);
      expect([debitsPosted, debitsHeld]).toEqual([creditsPosted, creditsHeld]);
      expect(ledger.entries).toHaveLength(outcomes.filter(({ kind }) => kind === "taken").length);
      for (const { id, kind, mayOverdraw } of ACCOUNTS) {
        let posted = 0n;
        let heldAgainst = 0n;
        for (const known of ledger.transfers.values()) {
          const signed = (known.transfer.debit === id ? 1n : 0n) - (known.transfer.credit === id ? 1n : 0n);
          const grown = signed * known.transfer.amount * (kind === "asset" || kind === "expense" ? 1n : -1n);
          if (known.state === "posted") posted += grown;
          if (known.state === "held" && grown < 0n) heldAgainst -= grown;
        }
        expect(balanceOf(ledger, id)).toEqual({ posted, available: posted - heldAgainst });
        if (!mayOverdraw) expect(posted - heldAgainst >= 0n).toBe(true);
      }
      // In two batches as in one, and the first batch again changes nothing.
      const first = addEntries(empty, entries.slice(0, cut));
      expect(addEntries(first.ledger, entries.slice(cut)).ledger).toEqual(ledger);
      expect(empty.entries).toEqual([]);
    }),
  );
});
