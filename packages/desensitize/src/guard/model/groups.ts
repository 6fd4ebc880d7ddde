/** The groups of persons that a released model says something of: leaves, intervals between the thresholds of several trees, bins,
 *  clusters. They are formed from the domain's rows by the numbers that leave, and persons are counted in each.
 *  @module */
import type { Clusters, ColumnBatch, DomainFacts, ReleasedModel, Scorecard, TreeModel } from "@sluice/protocol";
import { countSubjects, subjectsOf } from "../subjects.ts";
import { columnOfFeature, featureValues } from "./features.ts";
import { binOfRows, centreOfRows, leafOfRows } from "./predict.ts";

/** Rows by what the model says of them. */
export interface Partition {
  readonly kind: "leaf" | "interval" | "bin" | "cluster";
  /** Group of each row. */
  readonly codes: Uint16Array;
  /** Columns by which the rows are grouped. */
  readonly reads: ReadonlySet<string>;
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
    return {
      kind: "leaf",
      reads: new Set(
        tree.feature.filter((_, node) => (tree.left[node] ?? -1) >= 0).map((j) => columnOfFeature(features[j] ?? "")),
      ),
      codes: leafOfRows(tree, columns, table.rowCount),
      groups: new Map(leaves.map((node) => [node, `tree ${t + 1}, leaf ${node}`])),
      mayBeEmpty: () => false,
    };
  });
}

/** Two trees with nearby thresholds tell by their difference of those between: each interval is a group of its own. One tree
 *  alone tells of its leaves. */
function intervalPartitions({ features, trees }: TreeModel, table: ColumnBatch): Partition[] {
  if (trees.length < 2) return [];
  return features.flatMap((feature, j): Partition[] => {
    const own = trees.flatMap((tree) =>
      tree.threshold.filter((_, node) => (tree.left[node] ?? -1) >= 0 && tree.feature[node] === j),
    );
    const bounds = [...new Set(own)].sort((a, b) => a - b);
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
    return [{ kind: "interval", reads: new Set([columnOfFeature(feature)]), codes, groups, mayBeEmpty: () => true }];
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
    return {
      kind: "bin",
      reads: new Set([item.column]),
      codes: binOfRows(item, table),
      groups: new Map(item.points.map((_, bin) => [bin, name(bin)])),
      mayBeEmpty: (bin) => bin === last && item.points[bin] === 0,
    };
  });
}

function clusterPartition(model: Clusters, table: ColumnBatch): Partition {
  return {
    kind: "cluster",
    reads: new Set(model.features.map(columnOfFeature)),
    codes: centreOfRows(model, table),
    groups: new Map(model.centres.map((_, c) => [c, `cluster ${c + 1}`])),
    mayBeEmpty: () => false,
  };
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
