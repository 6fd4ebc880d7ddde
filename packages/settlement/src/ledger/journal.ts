/** The journal of a double-entry ledger (复式账): accounts, and entries that move whole fen from one account to another. It is a list that
 *  only grows; what an entry does is decided when it is added.
 *  @module */
import { Instant } from "@sluice/protocol";
import { z } from "zod";
import { LineId, Text } from "../input.ts";

/** What an account holds. Assets and expenses grow by debits (借), the others by credits (贷). */
export const AccountKind = z.enum(["asset", "liability", "equity", "income", "expense"]);
export type AccountKind = z.infer<typeof AccountKind>;

/** Name of an account: what it is for and, after a colon, whose it is. */
export const AccountId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}(?::[a-z0-9][a-z0-9._-]{0,63})?$/, "a name, or two with a colon");

/** An account (科目). One without `mayOverdraw` never has more taken than it holds, posted and pending together. */
export const Account = z.strictObject({
  id: AccountId,
  title: Text,
  kind: AccountKind,
  /** The party whose account it is. */
  party: LineId.optional(),
  mayOverdraw: z.boolean(),
});
export type Account = z.infer<typeof Account>;

/** Most of one transfer, in fen: a hundred thousand million yuan. */
const MAX_FEN = 10n ** 13n;

/** Name of a transfer: names of lines, joined by colons. */
export const TransferId = z.string().regex(/^[a-z0-9][a-z0-9._:-]{0,199}$/, "names of lines joined by colons");

/** One amount from the credited account to the debited one. */
export const Transfer = z.strictObject({
  id: TransferId,
  at: Instant,
  debit: AccountId,
  credit: AccountId,
  amount: z.bigint().min(1n, "an amount of one fen or more").max(MAX_FEN, "an amount within the limit"),
  /** What it is for, and the line of the statement, bill or decision behind it. */
  memo: Text,
  reference: TransferId.optional(),
});
export type Transfer = z.infer<typeof Transfer>;

/** An entry: a transfer that is posted at once or held until it is posted or voided (冻结 / 入账 / 作废). */
export const Entry = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("post"), transfer: Transfer }),
  z.strictObject({ type: z.literal("hold"), transfer: Transfer }),
  z.strictObject({ type: z.literal("post-held"), transfer: TransferId, at: Instant }),
  z.strictObject({ type: z.literal("void-held"), transfer: TransferId, at: Instant, reason: Text }),
]);
export type Entry = z.infer<typeof Entry>;

/** Why an entry was not taken. */
export type EntryRefusal =
  | "account-unknown"
  | "same-account"
  | "other-content"
  | "overdraft"
  | "transfer-unknown"
  | "not-held"
  | "earlier-than-last";

/** What became of an entry: taken, known already with the same content, or refused with nothing changed. */
export type EntryOutcome =
  | { readonly kind: "taken" }
  | { readonly kind: "already" }
  | { readonly kind: "refused"; readonly reason: EntryRefusal };

/** Totals of one account, in fen. */
export interface AccountTotals {
  readonly debitsPosted: bigint;
  readonly creditsPosted: bigint;
  readonly debitsHeld: bigint;
  readonly creditsHeld: bigint;
}

/** State of a transfer. */
export type TransferState = "posted" | "held" | "voided";

/** A transfer that was taken, the way in which it was opened, and what it is now. */
export interface KnownTransfer {
  readonly transfer: Transfer;
  readonly opened: "post" | "hold";
  readonly state: TransferState;
}

/** The ledger after some entries. It is not changed by those that follow. */
export interface Ledger {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly entries: readonly Entry[];
  readonly totals: ReadonlyMap<string, AccountTotals>;
  readonly transfers: ReadonlyMap<string, KnownTransfer>;
}
