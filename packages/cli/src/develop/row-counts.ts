/** How many synthetic rows a run has.
 *  @module */
import type { JobManifest, Policy, ResourceDescription } from "@sluice/protocol";

/** Rows unless told otherwise, when the policy's sample is not smaller. */
const DEFAULT_SYNTHETIC_ROWS = 2_000;
/** Rows of a build that groups them, unless told otherwise, when the table is not smaller. */
const MAX_BUILD_ROWS = 20_000;
/** Most rows. */
export const MAX_SYNTHETIC_ROWS = 200_000;

/** Rows to make under `policy` unless told otherwise. */
export function defaultRows(policy: Policy): number {
  return Math.min(policy.sample.rows, DEFAULT_SYNTHETIC_ROWS);
}

/** Rows of a build of `manifest`, whose sample has `rows`: more, up to those of the real table, when the guard will count
 *  the people in groups, so that groups that are usual have enough. */
export function buildRows({ outputs }: JobManifest, { approximateRows }: ResourceDescription, rows: number): number {
  const counted = Object.values(outputs).some(({ kind }) => kind === "table" || kind === "set");
  return counted ? Math.max(rows, Math.min(approximateRows, MAX_BUILD_ROWS)) : rows;
}
