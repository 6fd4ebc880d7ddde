/** Money that comes in and goes out of the separate account (专户): callers pay what they owe (回款), parties are paid, and what is reinvested is
 *  recorded with its purpose (H10, H11).
 *  @module */
import type { Instant } from "@sluice/protocol";
import { balanceOf } from "../ledger/ledger.ts";
import type { Entry, Ledger } from "../ledger/journal.ts";
import type { Fen } from "../money.ts";
import { ACCOUNTS, payableTo, receivableOf } from "./accounts.ts";

/** What every payment has. `reference` is the bank's or the exchange's own number. */
export interface Payment {
  readonly reference: string;
  readonly amount: Fen;
  readonly at: Instant;
}

/** A caller pays. The ledger refuses more than is owed. */
export function collection(caller: string, { reference, amount, at }: Payment): Entry {
  const memo = "回款 collected";
  const id = `collection:${reference}`;
  return {
    type: "post",
    transfer: { id, at, debit: ACCOUNTS.bank, credit: receivableOf(caller), amount, memo, reference },
  };
}

/** A party is paid what is owed to it. The ledger refuses more than that, and more than the account at the bank holds. */
export function payout(party: string, { reference, amount, at }: Payment): Entry {
  const memo = "分配支付 paid out";
  const id = `payout:${reference}`;
  return {
    type: "post",
    transfer: { id, at, debit: payableTo(party), credit: ACCOUNTS.bank, amount, memo, reference },
  };
}

/** Income is used for the operation itself, with what it was used for. */
export function reinvestment(purpose: string, { reference, amount, at }: Payment): Entry {
  const id = `reinvestment:${reference}`;
  const memo = `再投入 reinvested: ${purpose}`;
  return {
    type: "post",
    transfer: { id, at, debit: ACCOUNTS.reinvestment, credit: ACCOUNTS.bank, amount, memo, reference },
  };
}

/** What callers still owe, by caller; those who owe nothing are left out. */
export function owedByCallers(ledger: Ledger): { readonly caller: string; readonly owed: Fen }[] {
  const lines = [...ledger.accounts.values()].flatMap(({ id, party }) => {
    if (party === undefined || id !== receivableOf(party)) return [];
    return [{ caller: party, owed: balanceOf(ledger, id).posted }];
  });
  return lines.filter(({ owed }) => owed !== 0n).toSorted((a, b) => (a.caller < b.caller ? -1 : 1));
}
