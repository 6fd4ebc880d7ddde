/** How a refusal is told of a run on rows that nobody may see. In which way a job fails, and how often which rule refuses, is its own
 *  choice, and so a message: what is told is one of the outcomes that `outcomeCost` counts, in words that are always the same.
 *  @module */
import { GUARD_RULES } from "@sluice/desensitize";
import type { ErrorCode, GuardFinding, JobManifest } from "@sluice/protocol";
import type { GuardedOutcome } from "../work/guarded.ts";

/** A refusal of a run. */
export type Refusal = Extract<GuardedOutcome, { ok: false }>;

/** Failures before any code of the job runs, and told as they are. */
const STANDING: readonly ErrorCode[] = ["ERR_SANDBOX_LAYER_MISSING", "ERR_JOB_TABLE_TOO_LARGE", "ERR_POOL_WORKER"];

/** Rule of an output that could not be read. */
const UNREADABLE = { rule: "output-format", note: "return what the job API returns" } as const;

/** One word of the sandbox, or one rule of the guard on one declared output. */
export function toldOfHidden(refusal: Refusal, { outputs }: Pick<JobManifest, "outputs">): Refusal {
  if (STANDING.includes(refusal.code)) return refusal;
  if (refusal.refusedBy === "sandbox") return { ...refusal, code: "ERR_JOB_CRASHED", details: {} };
  const { output: named, rule: id } = refusal.details;
  const output = typeof named === "string" && Object.hasOwn(outputs, named) ? named : "all";
  const known = Object.entries(GUARD_RULES).find(([rule]) => rule === id);
  const [rule, note] = known ?? [UNREADABLE.rule, UNREADABLE.note];
  const only: GuardFinding = { output, rule, result: "refused", note };
  return {
    ...refusal,
    code: "ERR_GUARD_OUTPUT",
    details: { output, rule, change: note },
    ...(refusal.findings === undefined ? {} : { findings: [only] }),
  };
}
