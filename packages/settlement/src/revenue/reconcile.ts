/** Reconciliation (对账): two lists of amounts by reference, one of ours and one of the exchange's or the bank's. Either every line agrees,
 *  or each difference is listed (H10, H11).
 *  @module */
import { z } from "zod";
import { MAX_LINES, readInput } from "../input.ts";
import { TransferId } from "../ledger/journal.ts";
import type { Fen } from "../money.ts";

/** An amount under a reference that both sides know. */
export const ReconcileLine = z.strictObject({ reference: TransferId, amount: z.bigint() });
export type ReconcileLine = z.infer<typeof ReconcileLine>;

/** One reference of which the sides differ: an amount that one of them lacks is null. */
export interface Difference {
  readonly reference: string;
  readonly ours: Fen | null;
  readonly theirs: Fen | null;
}

/** What a comparison gave. */
export interface Reconciliation {
  readonly agreed: number;
  readonly ours: Fen;
  readonly theirs: Fen;
  /** By reference; empty when the two agree. */
  readonly differences: readonly Difference[];
}

/** Compares the sums of each reference; a reference that occurs more than once is summed.
 *  @throws ERR_SETTLEMENT_INPUT for lines of another shape. */
export function reconcile(ours: readonly ReconcileLine[], theirs: readonly ReconcileLine[]): Reconciliation {
  const mine = sums(readInput(z.array(ReconcileLine).max(MAX_LINES), ours, "ours"));
  const other = sums(readInput(z.array(ReconcileLine).max(MAX_LINES), theirs, "theirs"));
  const references = [...new Set([...mine.keys(), ...other.keys()])].toSorted();
  const differences = references
    .map((reference) => ({ reference, ours: mine.get(reference) ?? null, theirs: other.get(reference) ?? null }))
    .filter((line) => line.ours !== line.theirs);
  return {
    agreed: references.length - differences.length,
    ours: total(mine),
    theirs: total(other),
    differences,
  };
}

function sums(lines: readonly ReconcileLine[]): Map<string, Fen> {
  const byReference = new Map<string, Fen>();
  for (const { reference, amount } of lines) byReference.set(reference, (byReference.get(reference) ?? 0n) + amount);
  return byReference;
}

function total(sums: ReadonlyMap<string, Fen>): Fen {
  return [...sums.values()].reduce((sum, amount) => sum + amount, 0n);
}
