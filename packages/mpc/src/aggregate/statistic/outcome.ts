/** What the sum of all vectors says, in the units of the columns. Up to here all is exact; the quotients below are doubles of exact
 *  whole numbers. With noise, all of it is noisy, counts too.
 *  @module */
import { SluiceError, type AggregateStatistic } from "@sluice/protocol";

/** A statistic. */
export type AggregateOutcome =
  | { readonly kind: "count"; readonly count: bigint }
  | { readonly kind: "sum"; readonly sums: readonly number[] }
  | { readonly kind: "mean"; readonly count: bigint; readonly means: readonly number[] }
  | {
      readonly kind: "variance";
      readonly count: bigint;
      readonly means: readonly number[];
      /** With n - 1 in the denominator. */
      readonly variances: readonly number[];
    }
  | { readonly kind: "histogram" | "categories"; readonly counts: readonly bigint[] }
  | {
      readonly kind: "normal-equations";
      readonly count: bigint;
      /** XᵀX, whole and symmetric, the intercept first. */
      readonly gram: readonly (readonly number[])[];
      /** Xᵀy. */
      readonly moment: readonly number[];
      /** Sum of the squares of the target. */
      readonly targetSquares: number;
    }
  | {
      readonly kind: "logistic-gradient";
      readonly count: bigint;
      readonly loss: number;
      readonly gradient: readonly number[];
    };

/** The outcome of `sum`. @throws ERR_AGGREGATE_VALUE when there are too few rows for it */
export function aggregateOutcome(statistic: AggregateStatistic, sum: readonly bigint[]): AggregateOutcome {
  const at = (i: number): bigint => sum[i] ?? 0n;
  switch (statistic.kind) {
    case "count":
      return { kind: "count", count: at(0) };
    case "sum":
      return { kind: "sum", sums: statistic.columns.map(({ scale }, i) => ratio(at(i), BigInt(scale))) };
    case "mean": {
      const count = enough(at(0), 1n);
      const means = statistic.columns.map(({ scale }, i) => ratio(at(i + 1), count * BigInt(scale)));
      return { kind: "mean", count, means };
    }
    case "variance": {
      const count = enough(at(0), 2n);
      const { columns } = statistic;
      const means = columns.map(({ scale }, i) => ratio(at(i + 1), count * BigInt(scale)));
      const variances = columns.map(({ scale }, i) => {
        const spread = count * at(i + 1 + columns.length) - at(i + 1) ** 2n;
        return ratio(spread, count * (count - 1n) * BigInt(scale) ** 2n);
      });
      return { kind: "variance", count, means, variances };
    }
    case "histogram":
    case "categories":
      return { kind: statistic.kind, counts: [...sum] };
    case "normal-equations":
      return products(statistic, at);
    case "logistic-gradient": {
      const scaled = sum.slice(1).map((value) => ratio(value, BigInt(statistic.scale)));
      return { kind: "logistic-gradient", count: at(0), loss: scaled[0] ?? 0, gradient: scaled.slice(1) };
    }
  }
}

function products(
  { features, target }: Extract<AggregateStatistic, { kind: "normal-equations" }>,
  at: (i: number) => bigint,
): AggregateOutcome {
  const scales = [1n, ...features.map(({ scale }) => BigInt(scale)), BigInt(target.scale)];
  const all = scales.map(() => scales.map(() => 0));
  let place = 0;
  for (const [a, scaleA] of scales.entries()) {
    for (const [b, scaleB] of scales.entries()) {
      if (b < a) continue;
      const value = ratio(at(place++), scaleA * scaleB);
      const [rowA, rowB] = [all[a], all[b]];
      if (rowA !== undefined) rowA[b] = value;
      if (rowB !== undefined) rowB[a] = value;
    }
  }
  const last = scales.length - 1;
  const gram = all.slice(0, last).map((row) => row.slice(0, last));
  const moment = all.slice(0, last).map((row) => row[last] ?? 0);
  return { kind: "normal-equations", count: at(0), gram, moment, targetSquares: all[last]?.[last] ?? 0 };
}

function enough(count: bigint, needed: bigint): bigint {
  if (count >= needed) return count;
  throw new SluiceError("ERR_AGGREGATE_VALUE", { column: "count", expected: `${needed} rows or more in all` });
}

/** The double next to a / b, or one beside it: whole part and rest are divided apart. */
function ratio(a: bigint, b: bigint): number {
  const whole = a / b;
  return Number(whole) + Number(a - whole * b) / Number(b);
}
