/** Instance-based models: centres that are rows of the sample and not means of many, as of nearest neighbours or medoids, as they
 *  are or moved by something that the receiver knows. What leaves as a mean is held against the mean of those it stands for.
 *  @module */
import type { Clusters, ColumnBatch, DomainFacts, GuardFinding } from "@sluice/protocol";
import { roundToDigits } from "../rounding.ts";
import { MIN_CELL_SUBJECTS, subjectsOf } from "../subjects.ts";
import { featureValues } from "./features.ts";
import { centreOfRows, standardizedRows } from "./predict.ts";
import { MIN_PARAMETER, MODEL_DIGITS } from "./quantise.ts";

/** Of one number alone, rows near a centre say nothing: among some thousands, one is always as near. */
const MIN_FEATURES = 2;
/** How near the numbers of a row are to those of a centre that has so few digits. */
const TOLERANCE = 1.5;

/** How far, of the deviation of its column, a centre may be from the mean of its rows, beyond its few digits: k-means stops before
 *  the last step, and a job may fit on a part of the rows. Ours. */
const MAX_APART = 0.25;
const REVIEW_APART = 0.05;

/** What is said of the numbers of `model`, as it leaves. */
export function copyResult(model: Clusters, table: ColumnBatch, facts: DomainFacts): GuardFinding["result"] {
  if (copiesRow(model, table, facts)) return "refused";
  const apart = furthestCentre(model, table);
  if (apart > MAX_APART) return "refused";
  return apart > REVIEW_APART || !isStandard(model, table) ? "review" : "passed";
}

/** How far a coordinate is from the mean of the rows nearest to its centre, in deviations of its column. Centres of nobody are for
 *  `model-groups`. */
function furthestCentre(model: Clusters, table: ColumnBatch): number {
  const codes = centreOfRows(model, table);
  const sizes = new Float64Array(model.centres.length);
  for (const centre of codes) sizes[centre] = (sizes[centre] ?? 0) + 1;
  let furthest = 0;
  for (const [j, values] of standardizedRows(model, table).entries()) {
    const sums = new Float64Array(sizes.length);
    for (const [row, value] of values.entries()) sums[codes[row] ?? 0] = (sums[codes[row] ?? 0] ?? 0) + value;
    const { deviation } = momentsOf(values);
    for (const [c, size] of sizes.entries()) {
      if (size === 0) continue;
      const centre = model.centres[c]?.[j] ?? 0;
      const step = stepOf(centre, { mean: model.means[j] ?? 0, scale: model.scales[j] ?? 1 });
      const apart = Math.abs(centre - (sums[c] ?? 0) / size) - step;
      if (apart > 0) furthest = Math.max(furthest, apart / deviation);
    }
  }
  return furthest;
}

/** Whether each mean and scale is that of its column, or 0 and 1: rows as they are. */
function isStandard({ features, means, scales }: Clusters, table: ColumnBatch): boolean {
  return features.every((feature, j) => {
    const [own, scale] = [means[j] ?? 0, scales[j] ?? 1];
    if (own === 0 && scale === 1) return true;
    const { mean, deviation } = momentsOf(featureValues(feature, table));
    const near = (number: number, expected: number): boolean =>
      Math.abs(number - expected) <= REVIEW_APART * deviation + halfStep(number);
    return near(own, mean) && near(scale, deviation);
  });
}

function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

/** Whether a centre of `model`, as it leaves, is the row of some, but of fewer than MIN_CELL_SUBJECTS. */
function copiesRow(model: Clusters, table: ColumnBatch, facts: DomainFacts): boolean {
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
  return Math.max(1e-9, halfStep(value) + halfStep(mean) / scale + (Math.abs(value) * halfStep(scale)) / scale);
}

/** Half of the last digit that leaves. */
function halfStep(number: number): number {
  const rounded = Math.abs(roundToDigits(number, MODEL_DIGITS, MIN_PARAMETER));
  return rounded === 0 ? 0 : 10 ** (Math.floor(Math.log10(rounded)) + 1 - MODEL_DIGITS) / 2;
}
