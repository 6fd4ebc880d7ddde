/** Everything that has to be refused, tried for real against running processes: each case names the code it
 *  must get and the process that must give it.
 *  @module */
import { isSluiceError, type ErrorCode, type RefusedBy } from "@sluice/protocol";
import { hostileJobs } from "./refused-jobs.ts";
import type { CallKind, RefusalResult } from "./report.ts";
import { attackCases } from "./refused-attacks.ts";
import { formCases } from "./refused-forms.ts";
import { grantCases } from "./refused-grants.ts";
import { sampleCases } from "./refused-samples.ts";
import type { Scenery } from "./scenery.ts";

/** One wrong request. `attempt` must throw. */
export interface RefusalCase {
  readonly name: string;
  readonly code: ErrorCode;
  readonly refusedBy: RefusedBy;
  /** The case is about the product of this kind of call; it is left out where none was walked. */
  readonly kind?: CallKind;
  /** The case is about a product of this table. */
  readonly resource?: string;
  /** The case is about the scene on a table below its rules; it is left out where there is none. */
  readonly below?: true;
  attempt(scenery: Scenery): Promise<unknown>;
}

/** Tries every case. */
export async function tryRefusals(scenery: Scenery, progress: (text: string) => void): Promise<RefusalResult[]> {
  const results: RefusalResult[] = [];
  const cases = [...grantCases, ...attackCases, ...formCases, ...sampleCases, ...hostileJobs];
  for (const refusal of cases.filter((one) => applies(one, scenery))) {
    progress(refusal.name);
    results.push(await tryOne(scenery, refusal));
  }
  return results;
}

function applies({ kind, resource, below }: RefusalCase, { walked, ...scenery }: Scenery): boolean {
  const resources = [...walked.values()].map(({ spec }) => spec.policy.resource);
  return (
    (kind === undefined || walked.has(kind)) &&
    (resource === undefined || resources.includes(resource)) &&
    (below === undefined || scenery.below !== undefined)
  );
}

async function tryOne(scenery: Scenery, refusal: RefusalCase): Promise<RefusalResult> {
  try {
    await refusal.attempt(scenery);
    return { case: refusal.name, code: "none", refusedBy: "nobody", ok: false };
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    const refusedBy = error.refusedBy ?? "client";
    return {
      case: refusal.name,
      code: error.code,
      refusedBy,
      ok: error.code === refusal.code && refusedBy === refusal.refusedBy,
    };
  }
}
