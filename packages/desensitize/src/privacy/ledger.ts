/** What a table has left to give: a port to an append-only ledger, and the one way to use it. A spend is written before
 *  anything is computed and is never taken back; the answer is kept before it is shown, so that the same question about the
 *  same snapshot gets the same answer for one price, however often it is asked and whatever ended in between.
 *  @module */
import { documentHash, SluiceError, type Sha256Hex } from "@sluice/protocol";

/** State of one table's ledger. */
export interface LedgerState {
  /** Micro-rho that the department allows in all; null when it allows no such answer. */
  readonly budget: bigint | null;
  readonly spent: bigint;
  /** Entries so far. */
  readonly length: number;
}

/** One spend. */
export interface Spend {
  readonly table: string;
  /** Hash of the canonical question and the snapshot. */
  readonly question: Sha256Hex;
  readonly cost: bigint;
}

/** A durable ledger of many tables. */
export interface PrivacyLedger<Answer> {
  read(table: string): LedgerState;
  /** Whether this question was paid for. */
  isPaid(table: string, question: Sha256Hex): boolean;
  /** Appends `spend` as entry `at`, durably; false, and nothing, when the ledger has another length by now. */
  append(spend: Spend, at: number): boolean;
  /** The kept answer, or null. */
  answer(table: string, question: Sha256Hex): Answer | null;
  /** Keeps `answer` unless there is one. Returns the one that is kept. */
  keep(table: string, question: Sha256Hex, answer: Answer): Answer;
}

/** What is asked of a table. */
export interface PrivateQuestion<Answer> {
  readonly table: string;
  readonly snapshot: Sha256Hex;
  /** A JSON value that says all that the answer depends on beside the snapshot. */
  readonly question: unknown;
  /** Micro-rho, above 0. */
  readonly cost: bigint;
  /** Draws the answer. Runs after the spend. */
  readonly compute: () => Promise<Answer>;
  /** Runs once the question is paid for and before anything is computed, also when it was paid for earlier: brings the
   *  spend to where others see it. */
  readonly published?: (question: Sha256Hex) => Promise<void>;
}

/** An answer, and whether it was paid for now. */
export interface PrivateAnswer<Answer> {
  readonly answer: Answer;
  readonly charged: boolean;
  /** The hash under which it was paid and kept. */
  readonly question: Sha256Hex;
}

/** The answer to a question: the kept one, or a new one that is paid for first.
 *  @throws ERR_PRIVACY_BUDGET, the same whatever the table holds, when there is no budget or too little is left; what
 *  `compute` throws: the spend stays, and pays for the same question asked again */
export async function answerOnce<Answer>(
  ledger: PrivacyLedger<Answer>,
  { table, snapshot, question, cost, compute, published }: PrivateQuestion<Answer>,
): Promise<PrivateAnswer<Answer>> {
  if (cost <= 0n) throw new RangeError("a question costs something");
  const hash = await documentHash({ type: "private-question", table, snapshot, question });
  const kept = ledger.answer(table, hash);
  if (kept !== null) return { answer: kept, charged: false, question: hash };
  const charged = chargeQuestion(ledger, { table, question: hash, cost });
  await published?.(hash);
  return { answer: ledger.keep(table, hash, await compute()), charged, question: hash };
}

/** Spends unless the question was paid for: for what is not answered from what was kept. Returns whether it was paid now.
 *  @throws ERR_PRIVACY_BUDGET */
export function chargeQuestion<Answer>(ledger: PrivacyLedger<Answer>, spend: Spend): boolean {
  for (;;) {
    if (ledger.isPaid(spend.table, spend.question)) return false;
    const { budget, spent, length } = ledger.read(spend.table);
    if (budget === null || spent + spend.cost > budget) throw new SluiceError("ERR_PRIVACY_BUDGET", {});
    if (ledger.append(spend, length)) return true;
  }
}
