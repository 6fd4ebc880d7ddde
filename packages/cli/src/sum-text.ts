/** What a sum over a list is under, for those who are about to ask, and what came of it.
 *  @module */
import type { SumResult } from "@sluice/client";
import { likelySumError, unitsText, type JoinSumParameters } from "@sluice/protocol";
import { countText } from "./count-text.ts";
import { keyRows } from "./set-text.ts";

/** Rows of a table that say what is summed, and what a sum costs. */
export function sumRows(parameters: JoinSumParameters): [string, string][] {
  const { digits, terms, sumEpsilon } = parameters;
  const { epsilon, budget } = terms.noise;
  const [bound, error] = [terms.bound, likelySumError(parameters)].map((units) => unitsText(BigInt(units), digits));
  return [
    ["matched by", "summing, with noise: nothing is fetched, and a list is a session"],
    ["entries", `up to ${terms.paddedItems}, each from -${bound} to ${bound}`],
    ["told", `the sum ± ${error} 19 times out of 20, for ${terms.minimum} matches at least; and their number`],
    ["cost", `ε = ${epsilon} for the number and ${sumEpsilon} for the sum, of a budget of ${budget}`],
    ...keyRows(parameters),
  ];
}

/** A result in two lines: the sum, or why there is none; and the count. */
export function sumLines(result: SumResult): string {
  const count = `matches: ${countText(result.count)}`;
  const spent = `ε = ${result.epsilon} for both`;
  if (result.kind === "too-few") {
    return `no sum: fewer than ${result.minimum} matches, by their number with its noise\n${count}; ${spent}\n`;
  }
  return `sum: ${result.sum} ± ${result.likelySumError} (19 times out of 20)\n${count}; ${spent}\n`;
}
