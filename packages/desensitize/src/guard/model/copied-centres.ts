/** Instance-based models: centres that are rows of the sample and not means of many, as of nearest neighbours or medoids.
 *  @module */
import type { Clusters, ColumnBatch, DomainFacts } from "@sluice/protocol";
import { roundToDigits } from "../rounding.ts";
import { MIN_CELL_SUBJECTS, subjectsOf } from "../subjects.ts";
import { standardizedRows } from "./predict.ts";
import { MODEL_DIGITS } from "./quantise.ts";

/** Of one number alone, rows near a centre say nothing: among some thousands, one is always as near. */
const MIN_FEATURES = 2;
/** How near the numbers of a row are to those of a centre that has so few digits. */
const TOLERANCE = 1.5;

/** Whether a centre of `model`, as it leaves, is the row of some, but of fewer than MIN_CELL_SUBJECTS. */
export function copiesRow(model: Clusters, table: ColumnBatch, facts: DomainFacts): boolean {
  if (model.features.length < MIN_FEATURES) return false;
  const rows = standardizedRows(model, table);
  const subjects = subjectsOf(facts);
  return model.centres.some((centre) => {
    const near = centre.map(
      (value, j) => TOLERANCE * stepOf(value, { mean: model.means[j] ?? 0, scale: model.scales[j] ?? 1 }),
    );
    const holders = new Set<number>();
    for (let row = 0; row < table.rowCount; row++) {
      const same = rows.every((values, j) => Math.abs((values[row] ?? 0) - (centre[j] ?? 0)) <= (near[j] ?? 0));
      if (same) holders.add(subjects[row] ?? row);
    }
    return holders.size > 0 && holders.size < MIN_CELL_SUBJECTS;
  });
}

/** Half of the last digit of a coordinate, and of the mean and the scale that it was made with. */
function stepOf(value: number, { mean, scale }: { readonly mean: number; readonly scale: number }): number {
  const half = (number: number): number => {
    const rounded = Math.abs(roundToDigits(number, MODEL_DIGITS));
    return rounded === 0 ? 0 : 10 ** (Math.floor(Math.log10(rounded)) + 1 - MODEL_DIGITS) / 2;
  };
  return Math.max(1e-9, half(value) + half(mean) / scale + (Math.abs(value) * half(scale)) / scale);
}
