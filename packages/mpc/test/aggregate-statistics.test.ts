/** Statistics over several domains against plain arithmetic on all rows, with values cut as the plan says. @module */
import { aggregateRowBounds, parseAggregatePlan, type AggregateStatistic } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aggregateOutcome, aggregateVector, trainLogistic, type AggregateRows } from "../src/aggregate/statistics.ts";
import { joinParties, planOf, runAggregation } from "./aggregate-parties.ts";
import { seededRandom } from "./seeded-random.ts";

const column = (name: string, low = -50, high = 100, scale = 4) => ({ name, low, high, scale });
const COLUMNS = [column("a"), column("b", 0, 10, 1)];

function rowsOf(columns: Readonly<Record<string, readonly (number | string)[]>>): AggregateRows {
  return { rows: Object.values(columns)[0]?.length ?? 0, column: (name) => columns[name] };
}

/** The sum of all domains' vectors, by plain addition. */
function summed(statistic: AggregateStatistic, domains: readonly AggregateRows[]): bigint[] {
  const plan = planOf(3, statistic, { field: "2^127-1" });
  const vectors = domains.map((rows) => aggregateVector(parseAggregatePlan(plan), rows));
  return (vectors[0] ?? []).map((_, i) => vectors.reduce((sum, vector) => sum + (vector[i] ?? 0n), 0n));
}

const cut = (value: number, { low, high, scale }: (typeof COLUMNS)[number]): number =>
  Math.round(Math.min(high, Math.max(low, value)) * scale) / scale;
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const numbers = fc.array(fc.tuple(fc.double({ min: -200, max: 200, noNaN: true }), fc.integer({ min: -5, max: 20 })), {
  minLength: 1,
  maxLength: 20,
});

test("sums, means and variances are those of all rows, cut and rounded", () => {
  fc.assert(
    fc.property(fc.array(numbers, { minLength: 3, maxLength: 3 }), (domains) => {
      const rows = domains.map((domain) => rowsOf({ a: domain.map(([a]) => a), b: domain.map(([, b]) => b) }));
      const all = domains.flat();
      const plain = COLUMNS.map((one, i) => all.map((row) => cut(row[i] ?? 0, one)));
      const of = (kind: "sum" | "mean" | "variance") => {
        const statistic = { kind, columns: COLUMNS };
        return aggregateOutcome(statistic, summed(statistic, rows));
      };
      expect(of("sum")).toEqual({ kind: "sum", sums: plain.map(total) });
      const means = plain.map((values) => total(values) / values.length);
      const mean = of("mean");
      const variance = of("variance");
      if (mean.kind !== "mean" || variance.kind !== "variance") throw new RangeError("kinds");
      expect(mean.count).toBe(BigInt(all.length));
      for (const [i, values] of plain.entries()) {
        expect(mean.means[i]).toBeCloseTo(means[i] ?? 0, 9);
        const spread = total(values.map((value) => (value - (means[i] ?? 0)) ** 2)) / (values.length - 1);
        expect(variance.variances[i]).toBeCloseTo(spread, 6);
      }
    }),
    { numRuns: 50 },
  );
});

test("histograms count each row once: below the first edge, at an edge, from the last on; other texts last", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: -60, max: 60 }), { maxLength: 40 }),
      (unsorted, values) => {
        const edges = unsorted.toSorted((a, b) => a - b);
        const statistic: AggregateStatistic = { kind: "histogram", column: "a", edges };
        const bounds = [-Infinity, ...edges, Infinity];
        const plain = bounds.slice(1).map((above, i) => {
          const from = bounds[i] ?? 0;
          return BigInt(values.filter((value) => value >= from && value < above).length);
        });
        const counts = summed(statistic, [rowsOf({ a: values })]);
        expect(aggregateOutcome(statistic, counts)).toEqual({ kind: "histogram", counts: plain });
      },
    ),
    { numRuns: 50 },
  );
  const statistic: AggregateStatistic = { kind: "categories", column: "c", values: ["x", "甲"] };
  expect(summed(statistic, [rowsOf({ c: ["甲", "x", "甲", "", "y"] })])).toEqual([1n, 2n, 2n]);
});

test("normal equations are those of all rows, and solve to the plain least squares", () => {
  const features = [column("a", -10, 10, 16), column("b", -10, 10, 16)];
  const statistic: AggregateStatistic = { kind: "normal-equations", features, target: column("y", -100, 100, 16) };
  const bytes = seededRandom(3).bytes(180);
  const rows = Array.from({ length: 60 }, (_, i) => {
    const [a, b] = [((bytes[3 * i] ?? 0) - 128) / 16, ((bytes[3 * i + 1] ?? 0) - 128) / 16];
    return { a, b, y: 3 + 2 * a - b };
  });
  const domains = [rows.slice(0, 10), rows.slice(10, 31), rows.slice(31)].map((part) =>
    rowsOf({ a: part.map(({ a }) => a), b: part.map(({ b }) => b), y: part.map(({ y }) => y) }),
  );
  const outcome = aggregateOutcome(statistic, summed(statistic, domains));
  if (outcome.kind !== "normal-equations") throw new RangeError("kind");
  const x = rows.map(({ a, b }) => [1, a, b]);
  for (const i of [0, 1, 2]) {
    for (const j of [0, 1, 2]) expect(outcome.gram[i]?.[j]).toBe(total(x.map((row) => (row[i] ?? 0) * (row[j] ?? 0))));
    expect(outcome.moment[i]).toBe(total(x.map((row, at) => (row[i] ?? 0) * (rows[at]?.y ?? 0))));
    expect(total([3, 2, -1].map((weight, j) => weight * (outcome.gram[i]?.[j] ?? 0)))).toBe(outcome.moment[i]);
  }
  expect(outcome.targetSquares).toBe(total(rows.map(({ y }) => y * y)));
  expect(outcome.count).toBe(60n);
});

test("values that are no finite numbers, missing columns, targets beyond 0 and 1 and too many rows are refused", () => {
  const refused = expect.objectContaining({ code: "ERR_AGGREGATE_VALUE" });
  const sum: AggregateStatistic = { kind: "sum", columns: [column("a")] };
  const ofNumbers: AggregateStatistic[] = [
    sum,
    { kind: "mean", columns: [column("a")] },
    { kind: "variance", columns: [column("a")] },
    { kind: "histogram", column: "a", edges: [0] },
    { kind: "normal-equations", features: [column("a")], target: column("y", 0, 1, 1) },
    gradientOf([0, 0], 1),
  ];
  for (const statistic of ofNumbers) {
    for (const a of [[NaN], [Infinity], [-Infinity], ["1"]]) {
      expect(() => summed(statistic, [rowsOf({ a, y: [1] })])).toThrow(refused);
    }
  }
  const categories: AggregateStatistic = { kind: "categories", column: "a", values: ["NaN", "5"] };
  for (const a of [NaN, Infinity, -Infinity, null, undefined, true, 5n]) {
    expect(() => summed(categories, [rowsOf({ a: [a] as unknown as string[] })])).toThrow(refused);
  }
  expect(summed(categories, [rowsOf({ a: ["NaN", 5, "5", 6, ""] })])).toEqual([1n, 2n, 2n]);
  // The largest finite number counts as the bound of its column.
  const largest = rowsOf({ a: [Number.MAX_VALUE, -Number.MAX_VALUE, -Number.MAX_VALUE] });
  expect(summed(sum, [largest])).toEqual(summed(sum, [rowsOf({ a: [100, -50, -50] })]));
  expect(() => summed(sum, [rowsOf({ b: [1] })])).toThrow(refused);
  expect(() => summed(sum, [rowsOf({ b: [1], a: [] })])).toThrow(refused);
  expect(() => summed({ kind: "count" }, [{ rows: 1_001, column: () => undefined }])).toThrow(refused);
  expect(() => aggregateOutcome({ kind: "mean", columns: [column("a")] }, [0n, 0n])).toThrow(refused);
  expect(() => aggregateOutcome({ kind: "variance", columns: [column("a")] }, [1n, 0n, 0n])).toThrow(refused);
  const gradient = gradientOf([0, 0], 1);
  expect(() => summed(gradient, [rowsOf({ a: [1], y: [2] })])).toThrow(refused);
});

const gradientOf = (weights: number[], clip: number): AggregateStatistic => ({
  kind: "logistic-gradient",
  features: [{ name: "a", low: -100, high: 100, centre: 1, spread: 2 }],
  target: "y",
  step: 0,
  weights,
  clip,
  scale: 2 ** 20,
});

test("no row gives more than its bound, whatever it says, and a gradient longer than the clip is cut to it", () => {
  const extreme = fc.double({ noDefaultInfinity: true, noNaN: true });
  const weight = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(
      extreme,
      weight,
      weight,
      fc.constantFrom(0, 1),
      fc.double({ min: 1e-3, max: 10, noNaN: true }),
      (a, w, v, y, clip) => {
        const statistics: AggregateStatistic[] = [
          gradientOf([w, v], clip),
          { kind: "variance", columns: [column("a")] },
          { kind: "normal-equations", features: [column("a")], target: column("y", 0, 1, 1) },
        ];
        for (const statistic of statistics) {
          const bounds = aggregateRowBounds(statistic);
          const vector = summed(statistic, [rowsOf({ a: [a], y: [y] })]);
          expect(vector).toHaveLength(bounds.length);
          for (const [i, value] of vector.entries())
            expect(Math.abs(Number(value))).toBeLessThanOrEqual(bounds[i] ?? 0);
        }
      },
    ),
    { numRuns: 40 },
  );
  // At weight 0 the error of y = 0 is 1/2; x = (1, 3): half of it is 1.58 long.
  const whole = summed(gradientOf([0, 0], 10), [rowsOf({ a: [7], y: [0] })]).map((value) => Number(value) / 2 ** 20);
  expect(whole).toEqual([2 ** -20, expect.closeTo(Math.LN2, 5), 0.5, 1.5]);
  const short = summed(gradientOf([0, 0], 1), [rowsOf({ a: [7], y: [0] })]).map((value) => Number(value) / 2 ** 20);
  expect(Math.hypot(short[2] ?? 0, short[3] ?? 0)).toBeCloseTo(1, 5);
});

test("a model of three domains is the model of all their rows together, step by step", async () => {
  const bytes = seededRandom(5).bytes(90);
  const a = Array.from({ length: 90 }, (_, i) => (bytes[i] ?? 0) / 32);
  const y = a.map((value, i) => (value + ((i * 7) % 5) > 5 ? 1 : 0));
  const parts = [0, 1, 2].map((p) => rowsOf({ a: a.slice(30 * p, 30 * p + 30), y: y.slice(30 * p, 30 * p + 30) }));
  const task = {
    features: [{ name: "a", low: 0, high: 8, scale: 1_000 }],
    target: "y",
    steps: 3,
    learningRate: 1,
    momentum: 0.5,
    penalty: 0.01,
    clip: 4,
    scale: 2 ** 24,
  };
  let seed = 0;
  const secure = await trainLogistic(task, async (statistic) => {
    const plan = parseAggregatePlan(planOf(3, statistic, { seed: ++seed }));
    const parties = await joinParties(
      plan,
      parts.map((rows) => aggregateVector(plan, rows)),
    );
    return (await runAggregation(plan, parties)).get(0)?.sum ?? [];
  });
  const pooled = await trainLogistic(task, (statistic) => Promise.resolve(summed(statistic, [rowsOf({ a, y })])));
  expect(secure.features).toEqual(pooled.features);
  for (const [i, weight] of pooled.weights.entries()) expect(secure.weights[i]).toBe(weight);
  expect(secure.losses).toHaveLength(3);
  expect(secure.losses[0]).toBeCloseTo(Math.LN2, 6);
  expect(secure.losses[2]).toBeLessThan(secure.losses[0] ?? 0);
});
