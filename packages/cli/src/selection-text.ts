/** Products that sum under hidden selections, for those who are about to ask: groups, measures, and what a sum costs.
 *  @module */
import type { NoisySum } from "@sluice/client";
import { MICRO_EPSILON, selectionCost, type SelectionSnapshot } from "@sluice/protocol";
import { visibleText } from "./officer/visible-text.ts";
import { formatTable } from "./table.ts";

/** Rows of a table that say so. */
export function selectionRows({ parameters }: SelectionSnapshot): [string, string][] {
  const { groups, minimumGroups, minimumRows, measures } = parameters;
  return [
    ["groups", groups.map(visibleText).join("; ")],
    ["select", `${minimumGroups} or more, leaving ${minimumGroups} or more out, or all of them`],
    ["persons", `${minimumRows} or more in each group`],
    ...measures.map((measure): [string, string] => [
      `sum of ${measure.name}`,
      `costs ε = ${selectionCost(measure) / MICRO_EPSILON} once`,
    ]),
  ];
}

/** Sums with the error that their noise leaves. */
export function sumsText(sums: readonly NoisySum[]): string {
  return formatTable(
    sums.map(({ measure, value, likelyError }) => [measure, String(value), `± ${likelyError} 19 times out of 20`]),
  );
}
