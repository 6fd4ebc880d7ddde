/** The groups of persons that a released model says something of: leaves, intervals between the thresholds of several trees, bins,
 *  clusters. They are formed from the domain's rows by the numbers that leave, and persons are counted in each.
 *  @module */
import type { Clusters, ColumnBatch, DomainFacts, ReleasedModel, Scorecard, Tree, TreeModel } from "@sluice/protocol";
import { countSubjects, subjectsOf } from "../subjects.ts";
import { columnOfFeature, featureValues } from "./features.ts";
import { binOfRows, centreOfRows, leafOfRows } from "./predict.ts";

/** Rows by what the model says of them. */
export interface Partition {
  readonly kind: "leaf" | "interval" | "bin" | "cluster";
  /** Group of each row. */
  readonly codes: Uint16Array;
  /** Whether a row could be in the group by its value of one column, if by that of no other it could be elsewhere: what a group
   *  asks of its persons it says of itself. */
  readonly admits: (group: number, column: string, row: number) => boolean;
  /** Group of each row as the other columns alone say it, where a group asks nothing of one column. Null when there is no other. */
  readonly codesWithout: (column: string) => Uint16Array | null;
  /** Name of each group that may have rows. */
  readonly groups: ReadonlyMap<number, string>;
  /** Groups that say nothing when nobody is in them: what lies between two thresholds, or a bin for what is missing that has no
   *  points. */
  readonly mayBeEmpty: (group: number) => boolean;
}

/** Every partition of `model`; none of a linear model, whose features are counted one by one. */
export function partitionsOf(model: ReleasedModel, table: ColumnBatch): Partition[] {
  switch (model.kind) {
    case "linear-model":
      return [];
    case "tree-model":
      return [...leafPartitions(model, table), ...intervalPartitions(model, table)];
    case "scorecard":
      return binPartitions(model, table);
    case "clusters":
      return [clusterPartition(model, table)];
  }
}

function leafPartitions({ features, trees }: TreeModel, table: ColumnBatch): Partition[] {
  const columns = features.map((feature) => featureValues(feature, table));
  return trees.map((tree, t) => {
    const leaves = [...tree.left.entries()].filter(([, child]) => child < 0).map(([node]) => node);
    const steps = stepsTo(tree);
    const codes = leafOfRows(tree, columns, table.rowCount);
    return {
      kind: "leaf",
      // Only the splits on the way to a leaf say who is in it.
      admits: (leaf, name, row) =>
        (steps[leaf] ?? []).every(
          ({ feature, threshold, isLeft }) =>
            columnOfFeature(features[feature] ?? "") !== name || (columns[feature]?.[row] ?? 0) <= threshold === isLeft,
        ),
      codes,
      codesWithout: () => codes,
      groups: new Map(leaves.map((node) => [node, `tree ${t + 1}, leaf ${node}`])),
      mayBeEmpty: () => false,
    };
  });
}

interface Step {
  readonly feature: number;
  readonly threshold: number;
  readonly isLeft: boolean;
}

/** The splits on the way to each node. */
function stepsTo({ feature, threshold, left, right }: Tree): Step[][] {
  const steps: Step[][] = left.map(() => []);
  for (const [node, l] of left.entries()) {
    if (l < 0) continue;
    const own = { feature: feature[node] ?? 0, threshold: threshold[node] ?? 0 };
    steps[l] = [...(steps[node] ?? []), { ...own, isLeft: true }];
    steps[right[node] ?? 0] = [...(steps[node] ?? []), { ...own, isLeft: false }];
  }
  return steps;
}

/** Two trees with nearby thresholds tell by their difference of those between: each interval is a group of its own. One tree
 *  alone tells of its leaves. */
function intervalPartitions({ features, trees }: TreeModel, table: ColumnBatch): Partition[] {
  if (trees.length < 2) return [];
  return features.flatMap((feature, j): Partition[] => {
    const cuts = trees.flatMap((tree) =>
      tree.threshold.filter((_, node) => (tree.left[node] ?? -1) >= 0 && tree.feature[node] === j),
    );
    const bounds = [...new Set(cuts)].sort((a, b) => a - b);
    if (bounds.length === 0) return [];
    const values = featureValues(feature, table);
    const codes = Uint16Array.from(values, (value) => {
      let [low, high] = [0, bounds.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (value <= (bounds[middle] ?? Infinity)) high = middle;
        else low = middle + 1;
      }
      return low;
    });
    const groups = new Map(
      Array.from({ length: bounds.length + 1 }, (_, i) => [
        i,
        `${feature} in ${bounds[i - 1] ?? "-∞"} … ${bounds[i] ?? "∞"}`,
      ]),
    );
    const own = columnOfFeature(feature);
    return [
      {
        kind: "interval",
        admits: (group, name, row) => name !== own || codes[row] === group,
        codes,
        codesWithout: () => codes,
        groups,
        mayBeEmpty: () => true,
      },
    ];
  });
}

function binPartitions({ items }: Scorecard, table: ColumnBatch): Partition[] {
  return items.map((item) => {
    const last = item.points.length - 1;
    const name = (bin: number): string => {
      if (bin === last) return "breaks" in item ? `${item.column} missing` : `${item.column} other`;
      if ("levels" in item) return `${item.column} ${(item.levels[bin] ?? []).join(", ")}`.slice(0, 120);
      return `${item.column} in ${item.breaks[bin - 1] ?? "-∞"} … ${item.breaks[bin] ?? "∞"}`;
    };
    const codes = binOfRows(item, table);
    return {
      kind: "bin",
      admits: (bin, name, row) => name !== item.column || codes[row] === bin,
      codes,
      codesWithout: () => codes,
      groups: new Map(item.points.map((_, bin) => [bin, name(bin)])),
      mayBeEmpty: (bin) => bin === last && item.points[bin] === 0,
    };
  });
}

function clusterPartition(model: Clusters, table: ColumnBatch): Partition {
  const codes = centreOfRows(model, table);
  return {
    kind: "cluster",
    admits: () => true,
    codes,
    codesWithout: (name) => {
      const kept = model.features.flatMap((feature, j) => (columnOfFeature(feature) === name ? [] : [j]));
      if (kept.length === model.features.length) return codes;
      return kept.length === 0 ? null : centreOfRows(ofFeatures(model, kept), table);
    },
    groups: new Map(model.centres.map((_, c) => [c, `cluster ${c + 1}`])),
    mayBeEmpty: () => false,
  };
}

/** The clusters in the space of some of the features. */
function ofFeatures({ kind, features, means, scales, centres }: Clusters, kept: readonly number[]): Clusters {
  const pick = <T>(list: readonly T[]): T[] => list.filter((_, j) => kept.includes(j));
  return { kind, features: pick(features), means: pick(means), scales: pick(scales), centres: centres.map(pick) };
}

/** How many different persons are in each group: by group number, 0 where nobody is. */
export class PersonCounter {
  /** Rows, those of one person together. */
  readonly #order: Uint32Array;
  readonly #subjects: Uint32Array;
  /** All persons of the rows. */
  readonly total: number;

  /** @throws ERR_BODY_INVALID when rows and numbers of persons do not fit */
  constructor(facts: DomainFacts) {
    this.#subjects = subjectsOf(facts);
    this.total = countSubjects(facts);
    const starts = new Uint32Array(facts.rowCount + 1);
    for (const subject of this.#subjects) starts[subject + 1] = (starts[subject + 1] ?? 0) + 1;
    for (let i = 1; i < starts.length; i++) starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
    this.#order = new Uint32Array(facts.rowCount);
    for (const [row, subject] of this.#subjects.entries()) {
      const place = starts[subject] ?? 0;
      this.#order[place] = row;
      starts[subject] = place + 1;
    }
  }

  /** For group numbers below `groups`. */
  count(codes: Uint16Array, groups: number): Uint32Array {
    const counts = new Uint32Array(groups);
    const last = new Uint32Array(groups);
    for (const row of this.#order) {
      const group = codes[row] ?? 0;
      const person = (this.#subjects[row] ?? 0) + 1;
      if (last[group] === person) continue;
      last[group] = person;
      counts[group] = (counts[group] ?? 0) + 1;
    }
    return counts;
  }
}
