/** Link functions: what makes a response of a linear score. Public and monotone, so they are applied by the caller, in the
 *  clear; evaluating them under encryption would protect nothing.
 *  @module */

/** `identity` leaves the score; `logistic` gives a probability. */
export type Link = "identity" | "logistic";

/** Responses of linear scores. An error e of a score becomes at most e, and e / 4 for `logistic`. */
export function applyLink(link: Link, scores: Float64Array): Float64Array {
  switch (link) {
    case "identity":
      return scores.slice();
    case "logistic":
      return scores.map(logistic);
  }
}

/** 1 / (1 + e^-score), without overflow on either side. */
function logistic(score: number): number {
  const power = Math.exp(-Math.abs(score));
  return score < 0 ? power / (1 + power) : 1 / (1 + power);
}
