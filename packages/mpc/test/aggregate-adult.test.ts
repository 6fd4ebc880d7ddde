/** Logistic regression over three domains by secure aggregation, on UCI Adult split in three unequal parts, against the model fitted
 *  to all rows in one place by Newton's method. Runs where SLUICE_DATA_DIR names a folder with `adult/adult.data`, with SLOW=1.
 *  @module */
import { parseAggregatePlan } from "@sluice/protocol";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aggregateVector, trainLogistic, type AggregateRows, type LogisticModel } from "../src/aggregate/statistics.ts";
import { joinParties, planOf, runAggregation } from "./aggregate-parties.ts";

const DATA = join(process.env["SLUICE_DATA_DIR"] ?? "", "adult", "adult.data");
const slow = process.env["SLOW"] === "1";
const available = process.env["SLUICE_DATA_DIR"] !== undefined && existsSync(DATA);
if (slow && !available)
  process.stdout.write("skipped: a model over three domains, because SLUICE_DATA_DIR does not hold adult/adult.data\n");

const FEATURES = [
  { name: "age", low: 15, high: 90, scale: 1 },
  { name: "education_num", low: 1, high: 16, scale: 1 },
  { name: "married", low: 0, high: 1, scale: 1 },
  { name: "male", low: 0, high: 1, scale: 1 },
  { name: "capital_gain", low: 0, high: 20_000, scale: 1 },
  { name: "hr_per_week", low: 0, high: 80, scale: 1 },
] as const;

/** Rows as numbers: the features, then whether the income is above 50,000. */
function adultRows(): number[][] {
  const lines = readFileSync(DATA, "utf8")
    .split("\n")
    .filter((line) => /^\d/.test(line));
  return lines.map((line) => {
    const parts = line.split(",").map((part) => part.trim());
    const [age, education, marital = "", sex, gain, hours, income = ""] = [0, 4, 5, 9, 10, 12, 14].map((i) => parts[i]);
    const married = marital.startsWith("Married") ? 1 : 0;
    return [
      Number(age),
      Number(education),
      married,
      sex === "Male" ? 1 : 0,
      Number(gain),
      Number(hours),
      income.startsWith(">") ? 1 : 0,
    ];
  });
}

function domainOf(rows: readonly number[][]): AggregateRows {
  const names = [...FEATURES.map(({ name }) => name as string), "income"];
  return { rows: rows.length, column: (name) => rows.map((row) => row[names.indexOf(name)] ?? Number.NaN) };
}

const standardised = ({ features }: LogisticModel, row: readonly number[]): number[] => [
  1,
  ...features.map(({ low, high, centre, spread }, i) => (Math.min(high, Math.max(low, row[i] ?? 0)) - centre) / spread),
];
const scoreOf = (weights: readonly number[], x: readonly number[]): number =>
  x.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);

/** Newton's method in plain doubles. */
function newton(rows: readonly { x: number[]; y: number }[]): number[] {
  const size = rows[0]?.x.length ?? 0;
  let weights = Array.from({ length: size }, () => 0);
  for (let step = 0; step < 12; step++) {
    const system = Array.from({ length: size }, () => Array.from({ length: size + 1 }, () => 0));
    for (const { x, y } of rows) {
      const p = 1 / (1 + Math.exp(-scoreOf(weights, x)));
      for (const [i, line] of system.entries()) {
        for (let j = 0; j < size; j++) line[j] = (line[j] ?? 0) + p * (1 - p) * (x[i] ?? 0) * (x[j] ?? 0);
        line[size] = (line[size] ?? 0) + (y - p) * (x[i] ?? 0);
      }
    }
    const move = solved(system);
    weights = weights.map((weight, i) => weight + (move[i] ?? 0));
  }
  return weights;
}

/** Gauss and Jordan; the matrix is positive definite. */
function solved(system: number[][]): number[] {
  for (const [i, pivot] of system.entries()) {
    const by = pivot[i] ?? 1;
    for (const [k, value] of pivot.entries()) pivot[k] = value / by;
    for (const other of system) {
      if (other === pivot) continue;
      const factor = other[i] ?? 0;
      for (const [k, value] of pivot.entries()) other[k] = (other[k] ?? 0) - factor * value;
    }
  }
  return system.map((line) => line.at(-1) ?? 0);
}

function quality(weights: readonly number[], rows: readonly { x: number[]; y: number }[]) {
  const scored = rows.map(({ x, y }) => ({ y, score: scoreOf(weights, x) })).toSorted((a, b) => a.score - b.score);
  const loss =
    scored.reduce((sum, { y, score }) => sum + Math.log1p(Math.exp(y === 1 ? -score : score)), 0) / rows.length;
  let [ranks, ones] = [0, 0];
  for (const [i, { y }] of scored.entries()) {
    if (y !== 1) continue;
    ranks += i + 1;
    ones++;
  }
  return { loss, auc: (ranks - (ones * (ones + 1)) / 2) / (ones * (rows.length - ones)) };
}

test.runIf(slow && available)("a model of three domains is as good as the one of all their rows", async () => {
  const rows = adultRows();
  expect(rows).toHaveLength(30_162);
  const parts = [[0], [1, 2], [3, 4, 5, 6]].map((own) => domainOf(rows.filter((_, i) => own.includes(i % 7))));
  let seed = 0;
  const model = await trainLogistic(
    {
      features: FEATURES,
      target: "income",
      steps: 40,
      learningRate: 1,
      momentum: 0.8,
      penalty: 0,
      clip: 8,
      scale: 2 ** 20,
    },
    async (statistic) => {
      const plan = parseAggregatePlan(planOf(3, statistic, { seed: ++seed, rowsAtMost: 20_000 }));
      const vectors = parts.map((part) => aggregateVector(plan, part));
      return (await runAggregation(plan, await joinParties(plan, vectors, { seed }))).get(0)?.sum ?? [];
    },
  );
  const prepared = rows.map((row) => ({ x: standardised(model, row), y: row.at(-1) ?? 0 }));
  const secure = quality(model.weights, prepared);
  const pooled = quality(newton(prepared), prepared);
  process.stdout.write(
    `Adult in three domains: loss ${secure.loss.toFixed(5)} against ${pooled.loss.toFixed(5)}, area ${secure.auc.toFixed(5)} against ${pooled.auc.toFixed(5)}\n`,
  );
  expect(secure.loss - pooled.loss).toBeLessThan(0.001);
  expect(Math.abs(secure.auc - pooled.auc)).toBeLessThan(0.001);
});
