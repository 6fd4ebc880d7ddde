/** Monitoring of use by steps (用量阶梯监控, C11): calls of one calling party in a calendar year of Asia/Shanghai, over all its products.
 *  Passing a step is one event, and passing the whole limit opens one compliance review.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { exact, exactText, fraction } from "../exact.ts";
import type { RuleReference } from "../figure.ts";
import type { Rules } from "../rules/resolve.ts";
import { chinaYear } from "./china-time.ts";
import type { MeteredCall } from "./meter.ts";
import type { Product } from "./product.ts";

/** Per cent of the limit beyond which use is reviewed. */
const REVIEW_PERCENT = "100";

/** Calls of one caller in one year. */
export interface CallCount {
  readonly caller: string;
  readonly year: string;
  readonly calls: bigint;
}

/** A step that was passed. */
export interface ThresholdEvent {
  /** The same whenever this step is passed by this caller in this year: `bank/2026/80`. */
  readonly id: string;
  readonly caller: string;
  readonly year: string;
  readonly percent: string;
  /** `review` opens a compliance review, `alert` tells of a step before it. */
  readonly kind: "alert" | "review";
  readonly rule: RuleReference;
}

/** Calls by caller and year: those of a product of the form `api` by its quantity, every other use as one. By caller, then year. */
export function callCounts(calls: readonly MeteredCall[], products: readonly Product[]): CallCount[] {
  const counted = new Set(products.filter(({ form }) => form === "api").map(({ id }) => id));
  const counts = new Map<string, CallCount>();
  for (const { caller, product, at, quantity } of calls) {
    const year = chinaYear(at);
    const key = keyOf({ caller, year });
    const before = counts.get(key)?.calls ?? 0n;
    counts.set(key, { caller, year, calls: before + (counted.has(product) ? quantity : 1n) });
  }
  return [...counts.values()].toSorted(byKey);
}

/** Steps that are passed between two counts: calls were at most the step, and are more. A caller absent from `before` had none.
 *  @throws ERR_SETTLEMENT_REFUSED when calls of a year became fewer: a step would be passed twice. */
export function thresholdsPassed(
  before: readonly CallCount[],
  after: readonly CallCount[],
  rules: Rules,
): ThresholdEvent[] {
  const { value, reference: rule } = rules.of("useThreshold");
  const limit = exact(value.calls, "useThreshold");
  // The review's percentage last, so that it stays where an alert is as high, however it is written.
  const percents = [...value.alertPercents, REVIEW_PERCENT];
  const steps = [...new Map(percents.map((percent) => [exactText(exact(percent, "useThreshold")), percent])).values()]
    .map((percent) => ({ percent, above: limit.times(fraction(exact(percent, "useThreshold"))) }))
    .toSorted((a, b) => a.above.comparedTo(b.above) ?? 0);
  const now = new Map(after.map((count) => [keyOf(count), count.calls]));
  for (const count of before) {
    if ((now.get(keyOf(count)) ?? 0n) >= count.calls) continue;
    const reason = "calls of a year do not become fewer";
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `calls of ${keyOf(count)}`, rule: rule.id, reason });
  }
  const then = new Map(before.map((count) => [keyOf(count), count.calls]));
  return after.toSorted(byKey).flatMap(({ caller, year, calls }) => {
    const key = keyOf({ caller, year });
    const had = exact(then.get(key) ?? 0n, key);
    const has = exact(calls, key);
    return steps
      .filter(({ above }) => had.lte(above) && has.gt(above))
      .map(({ percent }): ThresholdEvent => {
        const kind = percent === REVIEW_PERCENT ? "review" : "alert";
        return { id: `${key}/${percent}`, caller, year, percent, kind, rule };
      });
  });
}

function keyOf({ caller, year }: Pick<CallCount, "caller" | "year">): string {
  return `${caller}/${year}`;
}

function byKey(a: CallCount, b: CallCount): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}
