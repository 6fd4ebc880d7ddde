/** The government's part (H3): a resource fee for each period, owed to the treasury on a day, and income above the permitted, split by the
 *  agreed ratio. What was paid is read from the ledger, not from the fee.
 *  @module */
import { SluiceError, type Instant } from "@sluice/protocol";
import { z } from "zod";
import { apportion } from "../apportion.ts";
import { exact, sumOf } from "../exact.ts";
import { Day, LineId, MAX_LINES, readInput, Text, YuanText } from "../input.ts";
import type { Entry, Ledger } from "../ledger/journal.ts";
import { wholeFen, type Fen } from "../money.ts";
import { ACCOUNTS, payableTo } from "./accounts.ts";

/** A resource fee (资源使用费) of one period. */
export const TreasuryFee = z.strictObject({
  id: LineId,
  period: Text,
  amount: YuanText,
  /** Last day on which it is paid in time. */
  dueOn: Day,
  evidence: Text,
});
export type TreasuryFee = z.infer<typeof TreasuryFee>;

/** Where a fee stands on a day. */
export interface TreasuryState {
  readonly fee: string;
  readonly owed: Fen;
  readonly paid: Fen;
  readonly state: "paid" | "due" | "overdue";
  readonly daysLate: number;
}

const DAY_MS = 86_400_000;

/** Entries by which fees become owed. */
export function treasuryEntries(fees: readonly TreasuryFee[], at: Instant): Entry[] {
  return readFees(fees).map(({ id, amount, period }): Entry => ({
    type: "post",
    transfer: {
      id: `fee:${id}`,
      at,
      debit: ACCOUNTS.treasuryFee,
      credit: ACCOUNTS.treasury,
      amount: wholeFen(exact(amount), `fees/${id}`),
      memo: `资源使用费 resource fee of ${period}`,
      reference: id,
    },
  }));
}

/** The entry by which a part of a fee, or all of it, is paid from the separate account. `payment` names it among those of the fee. */
export function treasuryPayment(options: {
  readonly fee: string;
  readonly payment: string;
  readonly amount: Fen;
  readonly at: Instant;
}): Entry {
  const { fee, payment, amount, at } = options;
  const memo = "上缴财政 paid to the treasury";
  const id = `fee:${fee}:${payment}`;
  return {
    type: "post",
    transfer: { id, at, debit: ACCOUNTS.treasury, credit: ACCOUNTS.bank, amount, memo, reference: fee },
  };
}

/** Where each fee stands on `on`, by what the ledger has posted until the end of that day in Shanghai.
 *  @throws ERR_SETTLEMENT_INPUT for fees of another shape, ERR_SETTLEMENT_REFUSED (H3) when the ledger owes another amount than the fee says. */
export function treasuryStates(fees: readonly TreasuryFee[], ledger: Ledger, on: string): TreasuryState[] {
  return readFees(fees).map(({ id, amount, dueOn }) => {
    const fee = wholeFen(exact(amount), `fees/${id}`);
    let owed = 0n;
    let paid = 0n;
    for (const { transfer, state } of ledger.transfers.values()) {
      if (state !== "posted" || transfer.reference !== id || dayInShanghai(transfer.at) > on) continue;
      if (transfer.credit === ACCOUNTS.treasury) owed += transfer.amount;
      if (transfer.debit === ACCOUNTS.treasury) paid += transfer.amount;
    }
    if (owed !== fee) {
      const reason = "the ledger owes another amount than the fee";
      throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `fees/${id}`, rule: "H3", reason });
    }
    const isPaid = paid >= owed;
    const daysLate = isPaid ? 0 : Math.max(0, (Date.parse(on) - Date.parse(dueOn)) / DAY_MS);
    return { fee: id, owed, paid, state: isPaid ? "paid" : daysLate > 0 ? "overdue" : "due", daysLate };
  });
}

/** Ratio in which income above the permitted is split (超额收益分成). */
export const ExcessRatio = z
  .strictObject({
    /** Part of the public pool, which goes to the treasury. */
    government: YuanText,
    others: z.array(z.strictObject({ party: LineId, ratio: YuanText })).max(64),
  })
  .refine(
    ({ government, others }) => {
      const parts = [government, ...others.map(({ ratio }) => ratio)].filter(
        (part) => YuanText.safeParse(part).success,
      );
      return sumOf(parts.map((part) => exact(part))).isEqualTo(100);
    },
    { message: "parts of 100 % together" },
  );
export type ExcessRatio = z.infer<typeof ExcessRatio>;

/** Entries that split what `actual` exceeds `permitted`; none when it does not. The operator's part stays in its income.
 *  @throws ERR_SETTLEMENT_INPUT for a ratio of another shape or another sum than 100. */
export function excessEntries(options: {
  readonly period: string;
  readonly actual: Fen;
  readonly permitted: Fen;
  readonly ratio: ExcessRatio;
  readonly operator: string;
  readonly at: Instant;
}): Entry[] {
  const { period, actual, permitted, operator, at } = options;
  const { government, others } = readInput(ExcessRatio, options.ratio, "ratio");
  if (actual <= permitted) return [];
  const parts = apportion(
    actual - permitted,
    new Map([[GOVERNMENT, exact(government)], ...others.map(({ party, ratio }) => [party, exact(ratio)] as const)]),
    "ratio",
  );
  return [...parts].flatMap(([party, amount]): Entry[] => {
    if (amount === 0n || party === operator) return [];
    const credit = party === GOVERNMENT ? ACCOUNTS.treasury : payableTo(party);
    const id = `excess:${period}:${party === GOVERNMENT ? "public-pool" : party}`;
    const memo = "超额收益分成 share of income above the permitted";
    return [{ type: "post", transfer: { id, at, debit: ACCOUNTS.shares, credit, amount, memo, reference: period } }];
  });
}

/** No party has this name, since names begin with a letter or digit; it comes before all of them. */
const GOVERNMENT = "-government";

function readFees(fees: readonly TreasuryFee[]): TreasuryFee[] {
  return readInput(z.array(TreasuryFee).max(MAX_LINES), fees, "fees");
}

/** The calendar day of an instant in Shanghai, which has no summer time. */
function dayInShanghai(instant: string): string {
  return new Date(Date.parse(instant) + 8 * 3_600_000).toISOString().slice(0, 10);
}
