/** What callers would be told of sums over their lists, from the declaration alone.
 *  @module */
import {
  countShift,
  DEFAULT_SUM_PRIVACY,
  likelyCountError,
  likelySumError,
  MICRO_EPSILON,
  microEpsilon,
  sumBound,
  unitsText,
  type JobManifest,
} from "@sluice/protocol";

/** A line for each such output. */
export function sumPlanLines({ outputs }: JobManifest): string[] {
  return Object.entries(outputs).flatMap(([name, spec]) => {
    if (spec.kind !== "sum") return [];
    const { field, limit, digits, minimum, privacy = DEFAULT_SUM_PRIVACY } = spec;
    const { count, sum, budget } = privacy;
    const units = likelySumError({ terms: { bound: sumBound({ limit, digits }) }, sumEpsilon: sum });
    const matches = likelyCountError({ epsilon: count, shift: countShift(count) });
    const cost = microEpsilon(count) + microEpsilon(sum);
    const answers = Math.floor(microEpsilon(budget) / cost);
    return [
      `${name}: callers sum ${field} over a list, each person within ±${limit}, for ${minimum} matches or more`,
      `a sum within ± ${unitsText(BigInt(units), digits)} and its number of matches within ± ${matches}, 19 times out of 20; both cost ε = ${cost / MICRO_EPSILON}, of ${budget} for each caller: ${answers} answers`,
    ];
  });
}
