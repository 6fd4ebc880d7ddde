/** How many entries a delta table shows: steps of a 64th of its base, so that neither the number of changes within a step nor
 *  upserts against deletions can be told from outside.
 *  @module */
import { padRows } from "./geometry.ts";

/** Fewest entries of a step. */
export const MIN_DELTA_STEP = 256;
/** Steps in a base. */
const STEPS_PER_BASE = 64;
/** A delta table holds at most this part of its base; what is more is built anew. */
const MAX_DELTA_SHARE = 1 / 8;

/** The number of entries that a delta table of `changes` over a base of `baseRows` shows: the next step, at least one. */
export function padDelta(changes: number, baseRows: number): number {
  const step = Math.max(MIN_DELTA_STEP, Math.ceil(padRows(baseRows) / STEPS_PER_BASE));
  return Math.max(1, Math.ceil(changes / step)) * step;
}

/** Most changes that a delta table over a base of `baseRows` holds. */
export function maxDeltaChanges(baseRows: number): number {
  return Math.max(MIN_DELTA_STEP, Math.floor(baseRows * MAX_DELTA_SHARE));
}
