/** Gradient and loss of logistic regression over a domain's rows, at weights that the plan names: each row's gradient is cut to the
 *  plan's length, made whole numbers and added up exactly, so that one row moves no sum by more than the plan says.
 *  @module */
import { SluiceError, type AggregateStatistic } from "@sluice/protocol";
import type { ExactSums } from "../statistic/exact-sums.ts";
import type { NumberAt } from "../statistic/vector.ts";

type Gradient = Extract<AggregateStatistic, { kind: "logistic-gradient" }>;

/** Adds a row: 1, its loss, its gradient, the intercept first. @throws ERR_AGGREGATE_VALUE when the target is neither 0 nor 1 */
export function addGradients(
  { features, target, weights, clip, scale }: Gradient,
  numberAt: (name: string) => NumberAt,
  sums: ExactSums,
): (row: number) => void {
  const values = features.map(({ name, low, high, centre, spread }) => {
    const value = numberAt(name);
    return (row: number) => (Math.min(high, Math.max(low, value(row))) - centre) / spread;
  });
  const targetAt = numberAt(target);
  const whole = (value: number): number => Math.round(value * scale);
  return (row) => {
    const x = [1, ...values.map((value) => value(row))];
    const y = targetAt(row);
    if (y !== 0 && y !== 1) throw new SluiceError("ERR_AGGREGATE_VALUE", { column: target, expected: "0 or 1" });
    const score = x.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);
    const error = 1 / (1 + Math.exp(-score)) - y;
    const length = Math.abs(error) * Math.hypot(...x);
    const factor = error * Math.min(1, clip / length);
    sums.add(0, 1);
    sums.add(1, whole(Math.min(clip, lossOf(y === 1 ? score : -score))));
    // A row of gradient 0 has no length to cut it to.
    for (const [i, value] of x.entries()) sums.add(i + 2, length === 0 ? 0 : whole(value * factor));
  };
}

/** ln(1 + exp(-margin)), where exp would overflow too. */
function lossOf(margin: number): number {
  return margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
}
