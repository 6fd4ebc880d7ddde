/** The government's part (H3): a resource fee for each period, owed to the treasury on a day, and income above the permitted, split by the
 *  agreed ratio. What was paid is read from the ledger, not from the fee.
 *  @module */
import { SluiceError, type Instant } from "@sluice/protocol";
import { z } from "zod";
import { apportion } from "../apportion.ts";
import { exact, sumOf } from "../exact.ts";
import { Day, LineId, MAX_LINES, readInput, Text, YuanText } from "../input.ts";
import type { Entry, Ledger } from "../ledger/journal.ts";
import { chinaDay } from "../metering/china-time.ts";
import { wholeFen, type Fen } from "../money.ts";
import type { Rules } from "../rules/resolve.ts";
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
  readonly state: "paid" | "paid-late" | "due" | "overdue";
  /** Days from the due day to the day on which all was paid, or to the day that is asked for; 0 in time. */
  readonly daysLate: number;
}

const DAY_MS = 86_400_000;

function feeName(fee: string): string {
  return `fee:${fee}`;
}

/** Entries by which fees become owed. */
export function treasuryEntries(fees: readonly TreasuryFee[], at: Instant): Entry[] {
  return readFees(fees).map(({ id, amount, period }): Entry => ({
    type: "post",
    transfer: {
      id: feeName(id),
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
  const id = `${feeName(fee)}:${payment}`;
  return {
    type: "post",
    transfer: { id, at, debit: ACCOUNTS.treasury, credit: ACCOUNTS.bank, amount, memo, reference: fee },
  };
}

/** Holds fees against the rules: where a resource fee is required, the period has one.
 *  @throws ERR_SETTLEMENT_MISSING (H3) when it has none. */
export function requireTreasuryFee(fees: readonly TreasuryFee[], period: string, rules: Rules): void {
  const { value, reference } = rules.of("treasuryFee");
  if (value === "required" && !readFees(fees).some((fee) => fee.period === period)) {
    throw new SluiceError("ERR_SETTLEMENT_MISSING", {
      line: `fees: the resource fee of ${period}`,
      rule: reference.id,
    });
  }
}

/** Where each fee stands on `on`, by what the ledger has posted until the end of that day in Shanghai.
 *  @throws ERR_SETTLEMENT_INPUT for fees of another shape, ERR_SETTLEMENT_REFUSED (H3) when the ledger owes another amount than the fee says. */
export function treasuryStates(fees: readonly TreasuryFee[], ledger: Ledger, on: string): TreasuryState[] {
  return readFees(fees).map(({ id, amount, dueOn }) => {
    const fee = wholeFen(exact(amount), `fees/${id}`);
    let owed = 0n;
    let paid = 0n;
    let paidOn: string | null = null;
    for (const { transfer, state } of ledger.transfers.values()) {
      const day = chinaDay(transfer.at);
      if (state !== "posted" || day > on) continue;
      if (transfer.id === feeName(id)) owed += transfer.amount;
      if (!transfer.id.startsWith(`${feeName(id)}:`)) continue;
      paid += transfer.amount;
      if (paid >= fee) paidOn ??= day;
    }
    if (owed !== fee) {
      const reason = "the ledger owes another amount than the fee";
      throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `fees/${id}`, rule: "H3", reason });
    }
    const daysLate = Math.max(0, (Date.parse(paidOn ?? on) - Date.parse(dueOn)) / DAY_MS);
    const isLate = daysLate > 0;
    const state = paidOn === null ? (isLate ? "overdue" : "due") : isLate ? "paid-late" : "paid";
    return { fee: id, owed, paid, state, daysLate };
  });
}

/** Ratio in which income above the permitted is split (超额收益分成). */
export const ExcessRatio = z
  .strictObject({
    /** Part of the public pool, which goes to the treasury. */
    government: YuanText,
    others: z.array(z.strictObject({ party: LineId, ratio: YuanText })).max(64),
  })
  .superRefine(({ government, others }, context) => {
    const parts = [government, ...others.map(({ ratio }) => ratio)].filter((part) => YuanText.safeParse(part).success);
    const issue = (message: string): void => context.addIssue({ code: "custom", path: ["others"], message });
    if (!sumOf(parts.map((part) => exact(part))).isEqualTo(100)) issue("parts of 100 % together");
    if (new Set(others.map(({ party }) => party)).size !== others.length) issue("each party once");
  });
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
  const period = readInput(LineId, options.period, "period");
  const { actual, permitted, operator, at } = options;
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
    const id = party === GOVERNMENT ? `excess:${period}` : `excess:${period}:${party}`;
    const memo = "超额收益分成 share of income above the permitted";
    return [{ type: "post", transfer: { id, at, debit: ACCOUNTS.shares, credit, amount, memo, reference: period } }];
  });
}

/** No party has this name, since names begin with a letter or digit; it comes before all of them. */
const GOVERNMENT = "-government";

function readFees(fees: readonly TreasuryFee[]): TreasuryFee[] {
  return readInput(z.array(TreasuryFee).max(MAX_LINES), fees, "fees");
}
