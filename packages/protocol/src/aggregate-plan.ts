/** The plan of an aggregation over several domains: what is added up, how values are cut, in which field, by whom, how many
 *  have to stay. All signatures and masks of the aggregation are bound to its hash; one plan is used once.
 *  @module */
import { z } from "zod";
import {
  AGGREGATE_FIELDS,
  aggregateNoiseShare,
  aggregateRowBounds,
  aggregateSumBound,
  MAX_AGGREGATE_ROW_VALUE,
  MIN_AGGREGATE_NOISE_SHARE,
} from "./aggregate-sizes.ts";
import { SluiceError } from "./errors.ts";
import { documentHash } from "./hashing.ts";
import { Decimal, FieldName, KeyId, Name, Random128, Sha256Hex } from "./identifiers.ts";

/** Fewest parties, and fewest that stay to the end: a sum of two tells each the other's part. */
export const MIN_AGGREGATE_PARTIES = 3;
/** Most parties. */
export const MAX_AGGREGATE_PARTIES = 32;
/** Most elements of a vector. */
export const MAX_AGGREGATE_ELEMENTS = 32_768;
const MAX_COLUMNS = 128;

const Bound = z.number().min(-1e12).max(1e12);

/** A number column: values are cut to [low, high], multiplied by `scale` and rounded to the nearest whole number. */
export const AggregateColumn = z
  .strictObject({
    name: FieldName,
    low: Bound,
    high: Bound,
    scale: z
      .int()
      .min(1)
      .max(2 ** 30),
  })
  .refine(({ low, high }) => low < high, { path: ["high"], error: "above `low`" });
export type AggregateColumn = z.infer<typeof AggregateColumn>;

/** A feature of a model: what is cut is moved by `centre` and divided by `spread`, and stays a decimal. */
export const AggregateFeature = z
  .strictObject({ name: FieldName, low: Bound, high: Bound, centre: Bound, spread: z.number().min(1e-9).max(1e12) })
  .refine(({ low, high }) => low < high, { path: ["high"], error: "above `low`" });
export type AggregateFeature = z.infer<typeof AggregateFeature>;

const columns = z.array(AggregateColumn).min(1).max(MAX_COLUMNS);

/** What is added up. */
export const AggregateStatistic = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("count") }),
  z.strictObject({ kind: z.literal("sum"), columns }),
  z.strictObject({ kind: z.literal("mean"), columns }),
  z.strictObject({ kind: z.literal("variance"), columns }),
  /** Numbers by strictly ascending edges: below the first, from each up to the next, from the last on. */
  z.strictObject({
    kind: z.literal("histogram"),
    column: FieldName,
    edges: z
      .array(Bound)
      .min(1)
      .max(MAX_AGGREGATE_ELEMENTS - 1)
      .refine((edges) => edges.every((edge, i) => i === 0 || edge > (edges[i - 1] ?? edge)), "ascending"),
  }),
  /** Texts by value; the last element counts all others. */
  z.strictObject({
    kind: z.literal("categories"),
    column: FieldName,
    values: z
      .array(z.string().max(200))
      .min(1)
      .max(MAX_AGGREGATE_ELEMENTS - 1)
      .refine((values) => new Set(values).size === values.length, "distinct values"),
  }),
  /** Products of all pairs of 1, the features and the target: XᵀX and Xᵀy with an intercept. */
  z.strictObject({ kind: z.literal("normal-equations"), features: columns, target: AggregateColumn }),
  /** One step of logistic regression: rows, loss, and the gradient at `weights`, the intercept first. A row's gradient is
   *  cut to the length `clip`, and so is its loss; both are multiplied by `scale` and rounded. */
  z
    .strictObject({
      kind: z.literal("logistic-gradient"),
      features: z.array(AggregateFeature).min(1).max(MAX_COLUMNS),
      /** A column of 0 and 1. */
      target: FieldName,
      step: z.int().min(0).max(10_000),
      weights: z.array(z.number().min(-1e6).max(1e6)),
      clip: z.number().min(1e-3).max(1e6),
      scale: z
        .int()
        .min(1)
        .max(2 ** 30),
    })
    .refine(({ features, weights }) => weights.length === features.length + 1, {
      path: ["weights"],
      error: "one for each feature, and an intercept before them",
    }),
]);
export type AggregateStatistic = z.infer<typeof AggregateStatistic>;

/** The plan. */
export const AggregatePlan = z.strictObject({
  type: z.literal("aggregate-plan"),
  version: z.literal(1),
  /** Makes this plan another than every other. */
  id: Random128,
  /** Which rows, of which state of the data: words that all parties mean the same by. */
  population: z.string().min(1).max(200),
  statistic: AggregateStatistic,
  /** Most rows of one party. */
  rowsAtMost: z
    .int()
    .min(1)
    .max(2 ** 31),
  field: z.enum(["2^61-1", "2^127-1"]),
  /** Each with the key that it signs receipts with. The order numbers them. */
  parties: z
    .array(z.strictObject({ party: Name, key: KeyId }))
    .min(MIN_AGGREGATE_PARTIES)
    .max(MAX_AGGREGATE_PARTIES),
  /** Fewest parties that stay to the end. */
  threshold: z.int().min(MIN_AGGREGATE_PARTIES),
  /** Parties that may work together, and with the relay, against the others. */
  colluding: z.int().min(0),
  /** Noise in the sum: discrete Gaussian noise of each party, whose variances add up to this one at least, in units of the
   *  vector's whole numbers, whoever drops out and whatever colluding parties leave out. Each party's share of it is 16 or more:
   *  below, a discrete Gaussian has less variance than its parameter, down to none. */
  noise: z.strictObject({ kind: z.literal("discrete-gaussian"), variance: Decimal }).optional(),
  /** Hash of what the parties agreed to beside this plan. */
  terms: Sha256Hex.optional(),
});
export type AggregatePlan = z.infer<typeof AggregatePlan>;

/** The plan that `value` is. @throws ERR_AGGREGATE_PLAN */
export function parseAggregatePlan(value: unknown): AggregatePlan {
  const parsed = AggregatePlan.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refused(issue?.path.join(".") ?? "plan", issue?.message ?? "a plan");
  }
  const plan = parsed.data;
  checkParties(plan);
  checkVector(plan);
  return plan;
}

/** The smallest threshold that a plan of so many parties can have. Two sets of `threshold` parties that signed different survivor
 *  sets would share a party that does not collude; and at least two such parties are in every sum. */
export function aggregateThreshold(parties: number, colluding: number): number {
  return Math.max(MIN_AGGREGATE_PARTIES, Math.floor((parties + colluding) / 2) + 1, colluding + 2);
}

function checkParties({ parties, threshold, colluding }: AggregatePlan): void {
  for (const member of ["party", "key"] as const) {
    if (new Set(parties.map((party) => party[member])).size !== parties.length) {
      throw refused("parties", `each ${member} once`);
    }
  }
  const least = aggregateThreshold(parties.length, colluding);
  if (least > parties.length) throw refused("colluding", `fewer, for ${parties.length} parties`);
  if (threshold < least || threshold > parties.length) throw refused("threshold", `${least} to ${parties.length}`);
}

function checkVector(plan: AggregatePlan): void {
  const share = aggregateNoiseShare(plan);
  if (share !== null && share.numerator < MIN_AGGREGATE_NOISE_SHARE * share.denominator) {
    const least = MIN_AGGREGATE_NOISE_SHARE * BigInt(plan.threshold - plan.colluding);
    throw refused("noise.variance", `${least} or more`);
  }
  const names = columnsOf(plan.statistic);
  if (new Set(names).size !== names.length) throw refused("statistic", "each column once");
  const bounds = aggregateRowBounds(plan.statistic);
  if (bounds.length > MAX_AGGREGATE_ELEMENTS) throw refused("statistic", `at most ${MAX_AGGREGATE_ELEMENTS} elements`);
  if (bounds.some((bound) => bound > MAX_AGGREGATE_ROW_VALUE)) {
    throw refused("statistic", "bounds and scales whose products are at most 2^50");
  }
  const { modulus } = AGGREGATE_FIELDS[plan.field];
  if (2n * aggregateSumBound(plan) >= modulus) throw refused("field", "a field that no sum can exceed");
}

/** What one set of parties is kept for: the hash of the population, whatever is asked of it. Columns do not count: one may be
 *  the sum of others, any column that is cut to [0, 1] may count rows, and a histogram gives the sum of its column. Words and
 *  symbols (`<`) are compared without case, and without spaces and punctuation between them. */
export async function aggregateSubject({ population }: Pick<AggregatePlan, "population">): Promise<Sha256Hex> {
  const words =
    population
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+|\p{S}/gu) ?? [];
  return await documentHash({ population: words.join(" ") });
}

/** Names of the columns that a statistic reads, in its order. */
export function columnsOf(statistic: AggregateStatistic): string[] {
  switch (statistic.kind) {
    case "count":
      return [];
    case "sum":
    case "mean":
    case "variance":
      return statistic.columns.map(({ name }) => name);
    case "histogram":
    case "categories":
      return [statistic.column];
    case "normal-equations":
      return [...statistic.features, statistic.target].map(({ name }) => name);
    case "logistic-gradient":
      return [...statistic.features.map(({ name }) => name), statistic.target];
  }
}

function refused(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_AGGREGATE_PLAN", { field, expected });
}
