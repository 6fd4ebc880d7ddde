/** Limits of runs of user code, by environment, with what each was taken from. A manifest may ask for more than the usual
 *  time and memory, up to the largest; a domain's configuration may allow less. Other limits are the same everywhere.
 *  @module */

const MEBIBYTE = 1_048_576;

/** Where a job runs: on a desensitised sample, or on every row. */
export type RunEnvironment = "development" | "production";

/** What one run may use. */
export interface RunAllowance {
  readonly wallTimeLimitMs: number;
  readonly memoryLimitBytes: number;
}

/** What a job gets when its manifest asks for nothing: long enough to train on the largest sample, and on a million rows. */
export const USUAL_RUN_LIMITS = {
  development: { wallTimeLimitMs: 30_000, memoryLimitBytes: 256 * MEBIBYTE },
  production: { wallTimeLimitMs: 300_000, memoryLimitBytes: 512 * MEBIBYTE },
} as const satisfies Record<RunEnvironment, RunAllowance>;

/** The most that a manifest can ask for. One run holds the queue of its domain for as long. */
export const MAX_RUN_LIMITS = {
  development: { wallTimeLimitMs: 120_000, memoryLimitBytes: 1_024 * MEBIBYTE },
  production: { wallTimeLimitMs: 3_600_000, memoryLimitBytes: 4_096 * MEBIBYTE },
} as const satisfies Record<RunEnvironment, RunAllowance>;

/** The least that a manifest can ask for: below it the engine itself does not start. */
export const MIN_RUN_LIMITS = { wallTimeLimitMs: 100, memoryLimitBytes: 16 * MEBIBYTE } as const satisfies RunAllowance;

/** Numbers that leave with one run, over all of its metrics. AWS Clean Rooms ML and OpenSAFELY let small lists of figures
 *  leave; each carries 3 digits here. */
export const MAX_METRIC_KEYS = 32;
/** Numbers that a development run may tell with `context.metric`. */
export const MAX_METRIC_EVENTS = 1_000;
/** Params of one job. */
export const MAX_PARAMS = 32;

/** Ends of the slots in which durations are told, and at which a hidden run is published: 1, 5, 10, 30 and 60 s, then about
 *  twice each. A job that computes longer or shorter on purpose tells which slot, and nothing finer. */
export const DURATION_SLOTS_MS = [
  1_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000,
] as const;

/** Slots that exist: those above, and one more beyond them. */
export const DURATION_SLOTS = DURATION_SLOTS_MS.length + 1;

/** End of the slot that `durationMs` falls in; whole multiples of the last one beyond it. */
export function durationSlotMs(durationMs: number): number {
  const last = 7_200_000;
  return DURATION_SLOTS_MS.find((end) => durationMs <= end) ?? Math.ceil(durationMs / last) * last;
}

/** What is said of some limits, or none. */
export type AskedLimits = { readonly [K in keyof RunAllowance]?: number | undefined };

/** What a job with such `asked` limits gets: what it asks for, within the environment's and the domain's largest. */
export function runAllowance(
  environment: RunEnvironment,
  asked: AskedLimits = {},
  cap: AskedLimits = {},
): RunAllowance {
  const least = (member: keyof RunAllowance): number =>
    Math.min(
      asked[member] ?? USUAL_RUN_LIMITS[environment][member],
      MAX_RUN_LIMITS[environment][member],
      cap[member] ?? Infinity,
    );
  return { wallTimeLimitMs: least("wallTimeLimitMs"), memoryLimitBytes: least("memoryLimitBytes") };
}
