/** What a product of hidden selections would be, here of synthetic rows: each is of a person of its own. Says how large groups are,
 *  and what each sum costs and is worth.
 *  @module */
import { groupSums, RandomWords } from "@sluice/desensitize";
import {
  MICRO_EPSILON,
  planSelection,
  selectionCost,
  type ColumnBatch,
  type HiddenSelectionSpec,
  type JobManifest,
  type Random,
  type SelectionParameters,
} from "@sluice/protocol";

/** One output, as callers would see it. */
export interface PlannedSelection {
  /** Groups, with their synthetic rows. */
  readonly groups: readonly { readonly label: string; readonly rows: number }[];
  /** Fewest persons of a group: a build with a smaller one is refused. */
  readonly minimumRows: number;
  readonly minimumGroups: number;
  /** What each sum costs, and within what its noise is 19 times out of 20. */
  readonly sums: readonly { readonly measure: string; readonly epsilon: number; readonly likelyError: number }[];
}

/** By output, for groups of `k` persons. */
export function planSelections(
  { name: job, outputs }: JobManifest,
  rows: ColumnBatch,
  k: number,
  random: Random,
): Readonly<Record<string, PlannedSelection>> {
  const subjects = Uint32Array.from({ length: rows.rowCount }, (_, row) => row);
  const planned = (spec: HiddenSelectionSpec): PlannedSelection => {
    const parameters = planSelection(spec, job, k);
    const formed = groupSums(rows, subjects, spec, new RandomWords(random));
    const { groups, minimumRows, minimumGroups } = parameters;
    return {
      groups: groups.map((label, i) => ({ label, rows: formed[i]?.persons ?? 0 })),
      minimumRows,
      minimumGroups,
      sums: sumsOf(parameters, spec),
    };
  };
  const plans = Object.entries(outputs).flatMap(([name, spec]): [string, PlannedSelection][] =>
    spec.kind === "hidden-selection" ? [[name, planned(spec)]] : [],
  );
  return Object.fromEntries(plans);
}

/** Lines for a person. */
export function selectionPlanLines(
  name: string,
  { groups, minimumRows, minimumGroups, sums }: PlannedSelection,
): string[] {
  const sizes = groups.map(({ rows }) => rows);
  const few = groups.filter(({ rows }) => rows < minimumRows).map(({ label }) => label);
  return [
    `${name}: ${groups.length} groups of ${Math.min(...sizes)} to ${Math.max(...sizes)} synthetic rows; callers select ${minimumGroups} or more and leave ${minimumGroups} or more out, or select all`,
    ...sums.map(
      ({ measure, epsilon, likelyError }) =>
        `sum of ${measure}: costs ε = ${epsilon} once, within ± ${likelyError} 19 times out of 20`,
    ),
    `a build with fewer than ${minimumRows} persons in a group is refused${few.length === 0 ? "" : `; synthetic rows are fewer in ${few.join(", ")}`}`,
  ];
}

function sumsOf({ measures }: SelectionParameters, spec: HiddenSelectionSpec): PlannedSelection["sums"] {
  return measures.map((measure, i) => ({
    measure: measure.name,
    epsilon: selectionCost(measure) / MICRO_EPSILON,
    // The first counts rows.
    likelyError: Math.ceil(measure.noiseScale * Math.log(20)) / 10 ** (spec.measures[i - 1]?.digits ?? 0),
  }));
}
