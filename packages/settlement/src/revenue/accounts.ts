/** The chart of accounts (科目表) of an operator's separate income account (H10): what callers owe, the account at the bank, income, what is
 *  owed to each party and to the treasury, what was paid for shares and reinvested.
 *  @module */
import type { Account } from "../ledger/journal.ts";

/** Ids of accounts that every ledger of revenue has. */
export const ACCOUNTS = {
  bank: "bank",
  income: "income",
  shares: "shares",
  treasuryFee: "treasury-fee",
  treasury: "treasury",
  reinvestment: "reinvestment",
} as const;

/** Account of what a caller owes. */
export function receivableOf(caller: string): string {
  return `receivable:${caller}`;
}

/** Account of what is owed to a party. */
export function payableTo(party: string): string {
  return `payable:${party}`;
}

/** Accounts for `callers` and `parties`, each named once. */
export function revenueAccounts(options: {
  readonly callers: Iterable<string>;
  readonly parties: Iterable<string>;
}): Account[] {
  return [
    {
      id: ACCOUNTS.bank,
      title: "授权运营收入专户 separate income account at the bank",
      kind: "asset",
      mayOverdraw: false,
    },
    { id: ACCOUNTS.income, title: "数据产品和服务收入 income", kind: "income", mayOverdraw: true },
    { id: ACCOUNTS.shares, title: "收益分配支出 shares of others", kind: "expense", mayOverdraw: true },
    { id: ACCOUNTS.treasuryFee, title: "资源使用费 resource fee", kind: "expense", mayOverdraw: true },
    { id: ACCOUNTS.treasury, title: "应缴财政 owed to the treasury", kind: "liability", mayOverdraw: false },
    { id: ACCOUNTS.reinvestment, title: "再投入 reinvested", kind: "expense", mayOverdraw: true },
    ...[...new Set(options.callers)].map((caller): Account => ({
      id: receivableOf(caller),
      title: `应收账款 owed by ${caller}`,
      kind: "asset",
      party: caller,
      mayOverdraw: false,
    })),
    ...[...new Set(options.parties)].map((party): Account => ({
      id: payableTo(party),
      title: `应付账款 owed to ${party}`,
      kind: "liability",
      party,
      mayOverdraw: false,
    })),
  ];
}
