/** How much of the whole table's persons each class of a sample shows (δ-presence, Nergiz et al. 2007), counted on what is
 *  shown: every row of the whole table is put where the recoding puts it.
 *  @module */
import type { AnonymityRequest } from "./request.ts";
import { recodeTuples, type Recoding } from "./recoding.ts";

/** Share of the persons of each class in the whole table that are in the sample; `persons` are those of the sample.
 *  @throws ERR_POLICY_COLUMN */
export function sharesShown(
  recoding: Recoding,
  persons: readonly number[],
  { batch, subjects, weights }: NonNullable<AnonymityRequest["population"]>,
): number[] {
  const whole = new Float64Array(recoding.classCount);
  const seen = new Set<number>();
  for (const [row, number] of recodeTuples(recoding, batch).entries()) {
    if (number < 0) continue;
    if (subjects !== undefined) {
      const key = number * 2 ** 32 + ((subjects[row] ?? 0) >>> 0);
      if (seen.has(key)) continue;
      seen.add(key);
    }
    whole[number] = (whole[number] ?? 0) + (weights?.[row] ?? 1);
  }
  return persons.map((count, number) => count / Math.max(whole[number] ?? 0, count));
}
