/** Join-and-sum as a product (求交求和): what a job declares, what the domain signs of it, and how far a sum can be off. A sum
 *  has discrete Laplace noise of scale bound/ε, and its count that of `count-noise.ts`; an entry changes both, so that one
 *  answer is differentially private for both ε together, and both are spent.
 *  @module */
import { z } from "zod";
import { MAX_COUNT_BUDGET, MAX_COUNT_EPSILON, microEpsilon, MIN_COUNT_EPSILON } from "./count-noise.ts";
import { FieldName, Name, Sha256Hex } from "./identifiers.ts";
import { DeclaredKeys } from "./join/declared-keys.ts";
import { JoinKeys } from "./join/join-key.ts";
import { JoinSumTerms, MAX_JOIN_SUM_BOUND, MAX_JOIN_SUM_LIST_ITEMS } from "./join-sum.ts";
import { servedMembers } from "./served.ts";
import { signedSchema } from "./signed.ts";

/** Least minimum of contributions that a product may have: that of a cell of a table. */
export const MIN_SUM_CONTRIBUTIONS = 10;
/** Decimals of a value at most. */
export const MAX_SUM_DIGITS = 6;
/** Largest limit of one entry's total. */
const MAX_SUM_LIMIT = 1e9;
/** How often a sum is within its likely error. */
const LIKELY = 0.95;

const Decimal = z.string().regex(/^(0|[1-9][0-9]?)(\.[0-9]{1,6})?$/);
const between = (least: number, most: number) =>
  Decimal.refine((text) => Number(text) >= least && Number(text) <= most, `${least} to ${most}`);

/** What a job declares of the noise; reviewed with its release. */
export const SumPrivacy = z
  .strictObject({
    /** ε of the count of one answer: a decimal. */
    count: between(MIN_COUNT_EPSILON, MAX_COUNT_EPSILON),
    /** ε of its sum. */
    sum: between(MIN_COUNT_EPSILON, MAX_COUNT_EPSILON),
    /** ε of all counts and sums of one caller over one state of the source table. */
    budget: between(MIN_COUNT_EPSILON, MAX_COUNT_BUDGET),
  })
  .refine(({ count, sum, budget }) => microEpsilon(count) + microEpsilon(sum) <= microEpsilon(budget), {
    path: ["budget"],
    message: "one answer at least",
  });
export type SumPrivacy = z.infer<typeof SumPrivacy>;

/** What holds where a job declares nothing: ten answers over one state of the table. */
export const DEFAULT_SUM_PRIVACY: SumPrivacy = { count: "0.25", sum: "0.25", budget: "5" };

/** Values of a column, summed over the entries of a caller's list. The domain makes the pairs of key and value from this declaration
 *  alone: no user code chooses a value, which would be a wide channel. */
export const JoinSumSpec = z
  .strictObject({
    kind: z.literal("sum"),
    /** Input column that is summed. */
    field: FieldName,
    /** Values are rounded to so many decimals. */
    digits: z.int().min(0).max(MAX_SUM_DIGITS),
    /** The total of one entry is cut to what lies between minus and plus this. */
    limit: z.number().positive().max(MAX_SUM_LIMIT),
    /** Fewest contributions, by the count with its noise, that a sum is told for. */
    minimum: z.int().min(MIN_SUM_CONTRIBUTIONS).max(MAX_JOIN_SUM_LIST_ITEMS),
    /** The key by which callers join; exactly the text of the grant's key unless given. */
    keys: DeclaredKeys.refine((keys) => keys.length === 1, "one key").optional(),
    privacy: SumPrivacy.optional(),
  })
  .refine((spec) => isBound(spec), {
    path: ["limit"],
    message: "a whole number of units of the last digit, from 1 to 2^53 - 1",
  });
export type JoinSumSpec = z.infer<typeof JoinSumSpec>;

/** Public facts of a set whose values are summed. */
export const JoinSumParameters = z
  .strictObject({
    /** By what entries are made; without it an entry is one text, exactly as it is. */
    keys: JoinKeys.refine((keys) => keys.length === 1, "one key").optional(),
    /** Decimals of a value; the bound of the terms, and a sum, count units of the last one. */
    digits: z.int().min(0).max(MAX_SUM_DIGITS),
    /** Their noise is that of the count, and their budget that of counts and sums. */
    terms: JoinSumTerms,
    /** ε of a sum. */
    sumEpsilon: between(MIN_COUNT_EPSILON, MAX_COUNT_EPSILON),
    /** Hash of elements and values, which stay in the domain. */
    set: Sha256Hex,
  })
  .refine(({ terms: { minimum } }) => minimum >= MIN_SUM_CONTRIBUTIONS, { path: ["terms", "minimum"] });
export type JoinSumParameters = z.infer<typeof JoinSumParameters>;

/** The snapshot that a product of join-and-sum serves. Signed by the domain's receipt key; its hash is in every receipt. */
export const JoinSumSnapshot = z.strictObject({
  type: z.literal("join-sum-snapshot"),
  ...servedMembers,
  /** Purpose of the grant's scene: entries are hashed for it alone. */
  purpose: Name,
  parameters: JoinSumParameters,
  /** Counts builds: entries of two builds are hashed apart. */
  epoch: z.int().min(1),
});
export type JoinSumSnapshot = z.infer<typeof JoinSumSnapshot>;
export const SignedJoinSumSnapshot = signedSchema(JoinSumSnapshot);
export type SignedJoinSumSnapshot = z.infer<typeof SignedJoinSumSnapshot>;

/** The limit of an entry's total, in the column's own unit, and how many decimals count. */
interface Limited {
  readonly limit: number;
  readonly digits: number;
}

/** The bound of an entry's total, in units of the last digit. */
export function sumBound({ limit, digits }: Limited): number {
  return Math.round(limit * 10 ** digits);
}

/** Parts in which values beyond half of it are carried: balanced digits to this base. */
export const SUM_PART_BASE = 2 ** 31;

/** The most that one entry changes each part of a sum by, the lowest part first: one part for a bound of 2^30 at most, else two. The caller
 *  sees every part, so each has noise of its own, with an equal share of ε. */
export function sumPartBounds(bound: number): number[] {
  const half = SUM_PART_BASE / 2;
  return bound <= half ? [bound] : [half, Math.floor((bound + half) / SUM_PART_BASE)];
}

/** What one answer spends, in millionths of ε: that of its count and that of its sum. */
export function sumCost({ terms, sumEpsilon }: Pick<JoinSumParameters, "terms" | "sumEpsilon">): number {
  return microEpsilon(terms.noise.epsilon) + microEpsilon(sumEpsilon);
}

/** An error, in units, that a sum stays within 19 times out of 20: of noise P(x) ∝ exp(-ε·|x|/bound), |x| > t has a probability of
 *  2·q^(t+1)/(1+q), q being exp(-ε/bound). The least one for a sum in one part; of two parts, each with half of ε, the sum of what each
 *  stays within 39 times out of 40. */
export function likelySumError({
  terms: { bound },
  sumEpsilon,
}: {
  readonly terms: Pick<JoinSumTerms, "bound">;
  readonly sumEpsilon: JoinSumParameters["sumEpsilon"];
}): number {
  const parts = sumPartBounds(bound);
  return parts.reduce((error, partBound, part) => {
    const logQ = -Number(sumEpsilon) / (partBound * parts.length);
    const outside = ((1 - LIKELY) * (1 + Math.exp(logQ))) / (2 * parts.length);
    return error + SUM_PART_BASE ** part * Math.max(0, Math.ceil(Math.log(outside) / logQ) - 1);
  }, 0);
}

/** A whole number of units as a decimal. */
export function unitsText(units: bigint, digits: number): string {
  const text = (units < 0n ? -units : units).toString().padStart(digits + 1, "0");
  const fraction = digits === 0 ? "" : `.${text.slice(-digits)}`;
  return `${units < 0n ? "-" : ""}${text.slice(0, text.length - digits)}${fraction}`;
}

function isBound({ limit, digits }: Limited): boolean {
  const bound = sumBound({ limit, digits });
  const exact = Math.abs(limit * 10 ** digits - bound) <= bound * 2 ** -50;
  return exact && bound >= 1 && bound <= MAX_JOIN_SUM_BOUND;
}
