/** The double-entry ledger: entries are added in batches to a ledger that does not change, so a batch that is refused in part can be
 *  dropped whole. Debits and credits are equal after every entry, since an entry has one amount for both.
 *  @module */
import type { Fen } from "../money.ts";
import { readInput } from "../input.ts";
import {
  Account,
  Entry,
  type AccountTotals,
  type EntryOutcome,
  type EntryRefusal,
  type KnownTransfer,
  type Ledger,
  type Transfer,
} from "./journal.ts";

const NOTHING: AccountTotals = { debitsPosted: 0n, creditsPosted: 0n, debitsHeld: 0n, creditsHeld: 0n };

/** A ledger without entries.
 *  @throws ERR_SETTLEMENT_INPUT for an account of another shape, or two of one id. */
export function openLedger(accounts: readonly Account[]): Ledger {
  const known = new Map<string, Account>();
  for (const [i, account] of accounts.entries()) {
    const read = readInput(
      Account.refine(({ id }) => !known.has(id), "an id that no other account has"),
      account,
      `accounts/${i}`,
    );
    known.set(read.id, read);
  }
  return { accounts: known, entries: [], totals: new Map(), transfers: new Map() };
}

/** The ledger with `entries` added, and what became of each. Refused entries leave nothing behind; who wants all or none keeps the old
 *  ledger when one is refused. An entry that was taken before with the same content is `already`, so a batch can be sent again.
 *  @throws ERR_SETTLEMENT_INPUT for an entry of another shape, before anything is added. */
export function addEntries(
  ledger: Ledger,
  entries: readonly Entry[],
): { readonly ledger: Ledger; readonly outcomes: readonly EntryOutcome[] } {
  const read = entries.map((entry, i) => readInput(Entry, entry, `entries/${i}`));
  const book = new Book(ledger);
  const outcomes = read.map((entry) => book.add(entry));
  return { ledger: book.closed(), outcomes };
}

/** What the account holds: what was posted, and what is left when everything held against it is posted too. In fen, in the direction in
 *  which its kind grows. Zero for an account without entries. */
export function balanceOf(ledger: Ledger, account: string): { readonly posted: Fen; readonly available: Fen } {
  const { debitsPosted, creditsPosted, debitsHeld, creditsHeld } = ledger.totals.get(account) ?? NOTHING;
  const grows = growsByDebits(ledger.accounts.get(account));
  const posted = grows ? debitsPosted - creditsPosted : creditsPosted - debitsPosted;
  return { posted, available: posted - (grows ? creditsHeld : debitsHeld) };
}

/** Debits and credits over all accounts (试算平衡): equal, or the ledger was not made here. */
export function trialBalance(ledger: Ledger): AccountTotals {
  let sum = NOTHING;
  for (const totals of ledger.totals.values()) sum = added(sum, totals);
  return sum;
}

function growsByDebits(account: Account | undefined): boolean {
  return account?.kind === "asset" || account?.kind === "expense";
}

function added(a: AccountTotals, b: AccountTotals): AccountTotals {
  return {
    debitsPosted: a.debitsPosted + b.debitsPosted,
    creditsPosted: a.creditsPosted + b.creditsPosted,
    debitsHeld: a.debitsHeld + b.debitsHeld,
    creditsHeld: a.creditsHeld + b.creditsHeld,
  };
}

/** A ledger while a batch is added: copied once for the batch. */
class Book {
  readonly #ledger: Ledger;
  readonly #entries: Entry[];
  readonly #totals: Map<string, AccountTotals>;
  readonly #transfers: Map<string, KnownTransfer>;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#entries = [...ledger.entries];
    this.#totals = new Map(ledger.totals);
    this.#transfers = new Map(ledger.transfers);
  }

  closed(): Ledger {
    return { ...this.#ledger, entries: this.#entries, totals: this.#totals, transfers: this.#transfers };
  }

  add(entry: Entry): EntryOutcome {
    const opens = entry.type === "post" || entry.type === "hold";
    const outcome = opens ? this.#open(entry.type, entry.transfer) : this.#end(entry.type, entry.transfer, entry.at);
    if (outcome.kind === "taken") this.#entries.push(entry);
    return outcome;
  }

  #open(type: "post" | "hold", transfer: Transfer): EntryOutcome {
    const before = this.#transfers.get(transfer.id);
    if (before !== undefined) {
      return before.opened === type && sameTransfer(before.transfer, transfer)
        ? { kind: "already" }
        : refused("other-content");
    }
    const debited = this.#ledger.accounts.get(transfer.debit);
    const credited = this.#ledger.accounts.get(transfer.credit);
    if (debited === undefined || credited === undefined) return refused("account-unknown");
    if (debited === credited) return refused("same-account");
    if (this.#isEarlier(transfer.at)) return refused("earlier-than-last");
    const shrinking = [debited, credited].filter((account) => growsByDebits(account) === (account === credited));
    const lacks = shrinking.some(
      (account) => !account.mayOverdraw && balanceOf(this.closed(), account.id).available < transfer.amount,
    );
    if (lacks) return refused("overdraft");
    const state = type === "post" ? "posted" : "held";
    this.#move(transfer, state, transfer.amount);
    this.#transfers.set(transfer.id, { transfer, opened: type, state });
    return { kind: "taken" };
  }

  #end(type: "post-held" | "void-held", id: string, at: string): EntryOutcome {
    const known = this.#transfers.get(id);
    if (known === undefined) return refused("transfer-unknown");
    const becomes = type === "post-held" ? "posted" : "voided";
    if (known.state !== "held") {
      return known.opened === "hold" && known.state === becomes ? { kind: "already" } : refused("not-held");
    }
    if (this.#isEarlier(at)) return refused("earlier-than-last");
    this.#move(known.transfer, "held", -known.transfer.amount);
    if (becomes === "posted") this.#move(known.transfer, "posted", known.transfer.amount);
    this.#transfers.set(id, { ...known, state: becomes });
    return { kind: "taken" };
  }

  #move({ debit, credit }: Transfer, state: "posted" | "held", amount: bigint): void {
    const change = (account: string, members: Partial<AccountTotals>): void => {
      this.#totals.set(account, added(this.#totals.get(account) ?? NOTHING, { ...NOTHING, ...members }));
    };
    change(debit, state === "posted" ? { debitsPosted: amount } : { debitsHeld: amount });
    change(credit, state === "posted" ? { creditsPosted: amount } : { creditsHeld: amount });
  }

  #isEarlier(at: string): boolean {
    const last = this.#entries.at(-1);
    if (last === undefined) return false;
    return at < (last.type === "post" || last.type === "hold" ? last.transfer.at : last.at);
  }
}

function refused(reason: EntryRefusal): EntryOutcome {
  return { kind: "refused", reason };
}

function sameTransfer(a: Transfer, b: Transfer): boolean {
  return (
    a.at === b.at &&
    a.debit === b.debit &&
    a.credit === b.credit &&
    a.amount === b.amount &&
    a.memo === b.memo &&
    a.reference === b.reference
  );
}
