/** Guard rules for metrics: a closed set of numbers, each with few digits.
 *  @module */
import type { GuardFinding, Metrics } from "@sluice/protocol";
import { finding, judged } from "./finding.ts";
import { MAX_MAGNITUDE, roundToBase, roundToDigits } from "./rounding.ts";
import { MIN_CELL_SUBJECTS } from "./subjects.ts";

/** Significant digits of a metric. */
export const METRIC_DIGITS = 3;
/** Counts are rounded to multiples of this; those below MIN_CELL_SUBJECTS become 0. */
const COUNT_BASE = 5;

/** Applies the metrics rules. `value` is what may leave if no finding is refused. */
export function guardMetrics(
  output: string,
  metrics: Metrics,
  keys: readonly string[],
): { value: Metrics; findings: GuardFinding[] } {
  const closed =
    Object.keys(metrics.values).length === keys.length && keys.every((key) => Object.hasOwn(metrics.values, key));
  if (!closed) return { value: metrics, findings: [judged(output, "metrics-keys", false)] };

  // In declared order: the order of keys would be a channel.
  const raw = keys.map((key) => metrics.values[key] ?? Number.NaN);
  const finite = raw.every((value) => Number.isFinite(value));
  const bounded = raw.every((value) => !(Math.abs(value) > MAX_MAGNITUDE));
  const findings = [
    judged(output, "metrics-keys", true),
    judged(output, "metrics-finite", finite),
    judged(output, "metrics-range", bounded),
  ];
  if (!finite || !bounded) return { value: metrics, findings };

  const counted = raw.map((value) => (isCountLike(value) ? roundCount(value) : value));
  const rounded = counted.map((value) => roundToDigits(value, METRIC_DIGITS));
  findings.push(
    // Rounded always: whether it changed a number would tell of that number.
    finding(output, "metrics-count", "changed"),
    finding(output, "metrics-digits", "changed"),
  );
  const values = Object.fromEntries(keys.map((key, i) => [key, rounded[i] ?? 0]));
  return { value: { kind: "metrics", values }, findings };
}

/** Whole numbers of magnitude 0 and 1 may be rates at their bounds; larger ones count something. */
function isCountLike(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) > 1;
}

/** Few are told as nobody, so that a 0 says of no one that it is not there. */
function roundCount(count: number): number {
  return Math.abs(count) < MIN_CELL_SUBJECTS ? 0 : roundToBase(count, COUNT_BASE);
}
