/** Logistic regression over domains with the same columns: a fixed number of steps, each the secure aggregation of one gradient, before them
 *  one of means and variances, by which features are standardised. Every party does the same arithmetic on the same sums, so that
 *  all have the same weights at every step.
 *  What it gives away: the means and variances, and the sum of gradients and the loss of each step, to every party; together they say more
 *  about all rows than the last weights do. Nothing of it tells one party's part from the others'.
 *  @module */
import { SluiceError, type AggregateFeature, type AggregateStatistic } from "@sluice/protocol";
import { aggregateOutcome } from "../statistic/outcome.ts";

/** What is trained. */
export interface LogisticTask {
  readonly features: readonly {
    readonly name: string;
    readonly low: number;
    readonly high: number;
    readonly scale: number;
  }[];
  /** A column of 0 and 1. */
  readonly target: string;
  readonly steps: number;
  readonly learningRate: number;
  /** Share of the last step's move that is kept. */
  readonly momentum: number;
  /** Penalty of half the squared weights, the intercept left out. */
  readonly penalty: number;
  /** Longest gradient of a row. */
  readonly clip: number;
  /** Units of the whole numbers that gradients become. */
  readonly scale: number;
}

/** Sums a statistic over all parties, by an aggregation of its own. */
export type SumOver = (statistic: AggregateStatistic) => Promise<readonly bigint[]>;

/** A trained model. */
export interface LogisticModel {
  readonly features: readonly AggregateFeature[];
  /** Over standardised features, the intercept first. */
  readonly weights: readonly number[];
  /** Mean loss before each step, without the penalty. */
  readonly losses: readonly number[];
}

/** Least spread of a standardised feature: one that never changes stays as it is. */
const LEAST_SPREAD = 1e-6;

/** Trains. @throws ERR_AGGREGATE_VALUE when there are no rows, and what `sumOver` throws */
export async function trainLogistic(task: LogisticTask, sumOver: SumOver): Promise<LogisticModel> {
  const features = await standardised(task, sumOver);
  let weights = Array.from({ length: features.length + 1 }, () => 0);
  let moves = weights.map(() => 0);
  const losses: number[] = [];
  for (let step = 0; step < task.steps; step++) {
    const { target, clip, scale } = task;
    const statistic: AggregateStatistic = {
      kind: "logistic-gradient",
      features: [...features],
      target,
      step,
      weights,
      clip,
      scale,
    };
    const outcome = aggregateOutcome(statistic, await sumOver(statistic));
    if (outcome.kind !== "logistic-gradient" || outcome.count < 1n) throw noRows();
    const rows = Number(outcome.count);
    losses.push(outcome.loss / rows);
    moves = moves.map((move, i) => {
      const penalty = i === 0 ? 0 : task.penalty * (weights[i] ?? 0);
      return task.momentum * move - task.learningRate * ((outcome.gradient[i] ?? 0) / rows + penalty);
    });
    weights = weights.map((weight, i) => weight + (moves[i] ?? 0));
  }
  return { features, weights, losses };
}

async function standardised(task: LogisticTask, sumOver: SumOver): Promise<AggregateFeature[]> {
  const statistic: AggregateStatistic = { kind: "variance", columns: [...task.features] };
  const outcome = aggregateOutcome(statistic, await sumOver(statistic));
  if (outcome.kind !== "variance") throw noRows();
  return task.features.map(({ name, low, high }, i) => {
    const spread = Math.sqrt(Math.max(0, outcome.variances[i] ?? 0));
    return { name, low, high, centre: outcome.means[i] ?? 0, spread: spread < LEAST_SPREAD ? 1 : spread };
  });
}

function noRows(): SluiceError {
  return new SluiceError("ERR_AGGREGATE_VALUE", { column: "count", expected: "1 row or more in all" });
}
