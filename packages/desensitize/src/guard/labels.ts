/** Guard rules for labels, which are served one by one: every row has one, from a closed list, and no label
 *  points at a handful of people.
 *  @module */
import type { GuardFinding, Labels } from "@sluice/protocol";
import { judged } from "./finding.ts";

/** Rows that a cell covers at least (ACRO's `safe_threshold`). */
export const MIN_CELL_ROWS = 10;

/** Applies the labels rules. `value` is what may be served if no finding is refused. */
export function guardLabels(
  output: string,
  labels: Labels,
  vocabulary: readonly string[],
  rowCount: number,
): { value: Labels; findings: GuardFinding[] } {
  const counts = new Float64Array(256);
  for (const code of labels.codes) counts[code] = (counts[code] ?? 0) + 1;
  const outside = counts.subarray(vocabulary.length).some((rows) => rows > 0);
  const rare = counts.some((rows) => rows > 0 && rows < MIN_CELL_ROWS);
  return {
    value: { kind: "labels", codes: labels.codes.slice() },
    findings: [
      judged(output, "labels-length", labels.codes.length === rowCount),
      judged(output, "labels-vocabulary", !outside),
      judged(output, "labels-cell", !rare),
    ],
  };
}
