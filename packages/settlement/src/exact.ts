/** Exact decimals: sums, differences and products never round. A quotient rounds once, at places and in a way that a rule names.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { BigNumber } from "bignumber.js";

/** An exact decimal. `plus`, `minus`, `times` and comparisons are exact; quotients are taken by {@link quotient} only. */
export type Exact = BigNumber;

/** Most digits before the point, and after it, of a number that is read. */
const NUMBER = /^-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,12})?$/;

const ExactNumber = BigNumber.clone({ EXPONENTIAL_AT: 1_000_000_000, ROUNDING_MODE: BigNumber.ROUND_HALF_UP });

/** Ways to round: to the nearest and a half away from zero, or towards zero. */
export type RoundingMode = "half-up" | "down";

/** One place where a figure may lose digits. */
export interface RoundingRule {
  readonly places: number;
  readonly mode: RoundingMode;
}

const MODES: Readonly<Record<RoundingMode, BigNumber.RoundingMode>> = {
  "half-up": BigNumber.ROUND_HALF_UP,
  down: BigNumber.ROUND_DOWN,
};

/** Reads a decimal: at most 30 digits before the point and 12 after it, without exponent, sign `+`, blanks or separators.
 *  @throws ERR_SETTLEMENT_NUMBER for anything else; `where` names the line. */
export function exact(text: string | bigint, where = "a number"): Exact {
  const written = String(text);
  if (!NUMBER.test(written)) throw new SluiceError("ERR_SETTLEMENT_NUMBER", { line: where });
  return new ExactNumber(written);
}

/** 0, from which sums start. */
export const ZERO: Exact = new ExactNumber(0);
/** 1. */
export const ONE: Exact = new ExactNumber(1);

/** The exact sum. */
export function sumOf(values: Iterable<Exact>): Exact {
  let sum = ZERO;
  for (const value of values) sum = sum.plus(value);
  return sum;
}

/** `percent` per cent as a factor: 6.7 becomes 0.067. */
export function fraction(percent: Exact): Exact {
  return percent.shiftedBy(-2);
}

/** The value at the rule's places. */
export function rounded(value: Exact, { places, mode }: RoundingRule): Exact {
  return value.decimalPlaces(places, MODES[mode]);
}

const dividers = new Map<string, typeof BigNumber>();

/** `dividend ÷ divisor`, rounded once, correctly.
 *  @throws ERR_SETTLEMENT_DIVISOR when the divisor is zero; `where` names the line. */
export function quotient(dividend: Exact, divisor: Exact, rule: RoundingRule, where: string): Exact {
  if (divisor.isZero()) throw new SluiceError("ERR_SETTLEMENT_DIVISOR", { line: where });
  const key = `${rule.places} ${rule.mode}`;
  let Divider = dividers.get(key);
  if (Divider === undefined) {
    Divider = BigNumber.clone({ DECIMAL_PLACES: rule.places, ROUNDING_MODE: MODES[rule.mode] });
    dividers.set(key, Divider);
  }
  return new ExactNumber(new Divider(dividend).dividedBy(divisor));
}

/** The decimal as it is written: all its digits, no exponent; with `places` at least so many. */
export function exactText(value: Exact, places = 0): string {
  return value.toFixed(Math.max(places, value.decimalPlaces() ?? 0));
}
