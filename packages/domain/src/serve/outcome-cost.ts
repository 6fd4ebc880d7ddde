/** What the outcome of a run can tell, in thousandths of a bit. User code decides whether its run ends well, and how it fails:
 *  so each run on rows of persons is an answer to a question that the code asks of them. The outcomes of a hidden run are a
 *  closed list, and their prices obey Kraft's inequality: runs that cost B bits together have at most 2^B sequences of outcomes,
 *  whatever the code is and however it depends on earlier outcomes.
 *
 *  Not counted here: the outputs of a completed run, which the guard bounds (`channelBits`), and the text that a run on a sample
 *  which may be shown tells of rows that may be seen.
 *  @module */
import { GUARD_RULES, REVIEWED_RULES } from "@sluice/desensitize";
import { DURATION_SLOTS, isModelKind, isProducedKind, isServedKind, type JobManifest } from "@sluice/protocol";

/** Thousandths of a bit. */
export const MILLIBITS = 1_000;

/** Bits that outcomes of runs may tell under one grant until an officer allows more: some 300 refused development runs or 800
 *  completed ones, half of it for builds. A developer's own machine runs the same sandbox and guard on synthetic rows, free. */
export const OUTCOME_BITS = { develop: 4_096, build: 2_048 } as const satisfies Record<"develop" | "build", number>;

/** Failures that name neither an output nor a rule: of the sandbox in one word, of a process, of the sample, of the store. */
const OTHER_FAILURES = 16;

/** Prices of one run. */
export interface OutcomeCost {
  readonly completed: number;
  readonly failed: number;
}

/** Prices of the outcomes of `manifest`'s run: a failure names one declared output, or all of them, and one rule of the guard; a
 *  completed run tells for each model which rules ask for a reviewer's look; and both are told at the end of a slot of time. */
export function outcomeCost({ outputs }: Pick<JobManifest, "outputs">, operation: "develop" | "build"): OutcomeCost {
  const named = Object.values(outputs).filter(({ kind }) =>
    operation === "build" ? isProducedKind(kind) : !isServedKind(kind),
  ).length;
  const failures = (named + 1) * Object.keys(GUARD_RULES).length + OTHER_FAILURES;
  const models = operation === "build" ? 0 : Object.values(outputs).filter(({ kind }) => isModelKind(kind)).length;
  const completed = price(DURATION_SLOTS * 2 ** (models * REVIEWED_RULES.length));
  // What a run takes before it begins is the price of its dearest outcome.
  return { completed, failed: Math.max(completed, price(DURATION_SLOTS * failures)) };
}

/** Completed runs and failed ones have half of the whole each. */
function price(outcomes: number): number {
  return Math.ceil(MILLIBITS * (1 + Math.log2(outcomes)));
}
