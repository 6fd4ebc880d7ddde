/** How many dummy matches a count of matches gets: the discrete Laplace distribution of scale 1/ε around `shift`, without what
 *  lies outside of 0 to 2·shift. Exact: the ends are cut off by rejection. What it promises stands with `CountNoise` of the
 *  protocol.
 *  @see Ghosh, Roughgarden, Sundararajan (2009); Chan, Chung, Maggs, Shi (2019), §2
 *  @module */
import { countShift, MAX_COUNT_SHIFT, SluiceError } from "@sluice/protocol";
import { discreteLaplace } from "./discrete-laplace.ts";
import type { RandomWords } from "./random-words.ts";
import { positiveDecimal, rational } from "./rational.ts";

/** Draws a number of dummy matches. @throws ERR_PRIVACY_PARAMETER when `shift` costs more than the δ of a count */
export function countDummies(epsilon: string, shift: number): (words: RandomWords) => number {
  const { numerator, denominator } = positiveDecimal(epsilon, "epsilon");
  if (!Number.isSafeInteger(shift) || shift > MAX_COUNT_SHIFT || shift < countShift(epsilon)) {
    const expected = `${countShift(epsilon)} to ${MAX_COUNT_SHIFT}`;
    throw new SluiceError("ERR_PRIVACY_PARAMETER", { field: "shift", expected });
  }
  const draw = discreteLaplace(rational(denominator, numerator));
  return (words) => {
    for (;;) {
      const noise = Number(draw(words));
      if (Math.abs(noise) <= shift) return shift + noise;
    }
  };
}
