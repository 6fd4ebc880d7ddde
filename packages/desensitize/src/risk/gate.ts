/** The rules that a sample must pass before it may go to a job: the model's, the policy's, and GB/T 42460-2023's.
 *  @module */
import type { GateResult, Policy } from "@sluice/protocol";
import { RISK_LIMIT } from "./annex-d.ts";

/** Share of a column's values that a transform may fail to take. */
export const MAX_INVALID_SHARE = 0.01;

/** What the rules look at. */
export interface GateFacts {
  readonly policy: Policy;
  /** Persons of the smallest class; 0 without rows. */
  readonly k: number;
  readonly drawnRows: number;
  readonly sampleRows: number;
  readonly overallRisk: number;
  /** Whether the rows keep the policy's model; absent when it asks for k alone. */
  readonly modelKept?: boolean | undefined;
  readonly residual: readonly { readonly column: string }[];
  readonly transformFailures: readonly { readonly column: string; readonly share: number }[];
}

/** Every rule with what was measured, in one order. All are judged, so that an officer sees everything that is wrong. */
export function judgeSample(facts: GateFacts): GateResult[] {
  const { policy, k, drawnRows, sampleRows, overallRisk, residual, transformFailures } = facts;
  const suppressed = drawnRows === 0 ? 0 : (drawnRows - sampleRows) / drawnRows;
  const maxSuppression = Math.min(policy.suppressionLimit, policy.gate?.maxSuppression ?? 1);
  const minRows = policy.gate?.minRows ?? 1;
  const invalid = transformFailures.filter(({ share }) => share > MAX_INVALID_SHARE);
  return [
    ...modelRule(facts.modelKept),
    { rule: "k", passed: sampleRows > 0 && k >= policy.k, measured: k, limit: policy.k },
    { rule: "suppression", passed: suppressed <= maxSuppression, measured: suppressed, limit: maxSuppression },
    { rule: "min-rows", passed: sampleRows >= minRows, measured: sampleRows, limit: minRows },
    named("residual-identifiers", residual, residual.length, 0),
    named(
      "invalid-values",
      invalid,
      transformFailures.reduce((most, { share }) => Math.max(most, share), 0),
      MAX_INVALID_SHARE,
    ),
    { rule: "overall-risk", passed: overallRisk < RISK_LIMIT, measured: overallRisk, limit: RISK_LIMIT },
  ];
}

function modelRule(kept: boolean | undefined): GateResult[] {
  return kept === undefined ? [] : [{ rule: "model", passed: kept, measured: Number(kept), limit: 1 }];
}

function named(
  rule: GateResult["rule"],
  broken: readonly { readonly column: string }[],
  measured: number,
  limit: number,
): GateResult {
  const columns = [...new Set(broken.map(({ column }) => column))];
  return { rule, passed: columns.length === 0, measured, limit, ...(columns.length === 0 ? {} : { columns }) };
}
