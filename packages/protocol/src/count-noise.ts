/** Noise on counts of matches (求交，得个数): how many dummy matches the domain adds to a count, and what that promises. The
 *  number of dummies is the shifted, truncated geometric distribution on both sides of `shift`: P(D) ∝ exp(-ε |D - shift|) for
 *  0 ≤ D ≤ 2·shift. It is never negative, so whole dummies can bring it about; counts of two sets that differ by one entry are
 *  (ε, δ)-indistinguishable, δ being the probability of an end of the range, at most `COUNT_DELTA`.
 *  @see Ghosh, Roughgarden, Sundararajan, Universally utility-maximizing privacy mechanisms (2009): the geometric mechanism
 *  @see Chan, Chung, Maggs, Shi, Foundations of Differentially Oblivious Algorithms (2019), §2: shifted and truncated
 *  @module */
import { z } from "zod";

/** δ of one count, at most. */
export const COUNT_DELTA = 1e-9;
/** Least ε of one count: below, a count is mostly noise. */
export const MIN_COUNT_EPSILON = 0.05;
/** Largest ε of one count: above, one entry shows more often than not. */
export const MAX_COUNT_EPSILON = 2;
/** Largest ε of all counts of one caller over one state of a table. */
export const MAX_COUNT_BUDGET = 20;
/** Largest shift that a snapshot states: that of the least ε, and some. */
export const MAX_COUNT_SHIFT = 400;
/** Millionths, in which ε is added up. */
export const MICRO_EPSILON = 1_000_000;

const Decimal = z.string().regex(/^(0|[1-9][0-9]?)(\.[0-9]{1,6})?$/);
const between = (least: number, most: number) =>
  Decimal.refine((text) => Number(text) >= least && Number(text) <= most, `${least} to ${most}`);

/** What a job declares of a set whose matches are counted; reviewed with its release. */
export const CountPrivacy = z
  .strictObject({
    /** ε of one count: a decimal. */
    epsilon: between(MIN_COUNT_EPSILON, MAX_COUNT_EPSILON),
    /** ε of all counts of one caller over one state of the source table. */
    budget: between(MIN_COUNT_EPSILON, MAX_COUNT_BUDGET),
  })
  .refine(({ epsilon, budget }) => Number(epsilon) <= Number(budget), {
    path: ["budget"],
    message: "one count at least",
  });
export type CountPrivacy = z.infer<typeof CountPrivacy>;

/** What holds where a job declares nothing: ten counts over one state of the table. */
export const DEFAULT_COUNT_PRIVACY: CountPrivacy = { epsilon: "0.5", budget: "5" };

/** Noise as a snapshot states it. */
export const CountNoise = CountPrivacy.safeExtend({
  /** Dummy matches in the middle of their distribution; twice as many dummies are in each answer. */
  shift: z.int().min(1).max(MAX_COUNT_SHIFT),
});
export type CountNoise = z.infer<typeof CountNoise>;

/** ε in millionths. */
export function microEpsilon(decimal: string): number {
  return Math.round(Number(decimal) * MICRO_EPSILON);
}

/** P(D = 0) = P(D = 2·shift): the δ that truncation costs. */
export function truncationDelta(epsilon: number, shift: number): number {
  const q = Math.exp(-epsilon);
  return (q ** shift * (1 - q)) / (1 + q - 2 * q ** (shift + 1));
}

/** The least shift by which truncation costs no more than COUNT_DELTA. */
export function countShift(epsilon: string): number {
  let shift = 1;
  while (truncationDelta(Number(epsilon), shift) > COUNT_DELTA) shift++;
  return shift;
}

/** The least error that a count stays within 19 times out of 20. It is never off by more than `shift`. */
export function likelyCountError({ epsilon, shift }: Pick<CountNoise, "epsilon" | "shift">): number {
  const q = Math.exp(-Number(epsilon));
  const within = (error: number): number => (1 + q - 2 * q ** (error + 1)) / (1 + q - 2 * q ** (shift + 1));
  let error = 0;
  while (error < shift && within(error) < 0.95) error++;
  return error;
}
