/** The one form of each model: of what predicts the same, names and orders could carry rows, and no rule counts those. What is
 *  not read is dropped, and whatever may stand in any order is sorted.
 *  @module */
import type { Clusters, LinearModel, ReleasedModel, Scorecard, Tree, TreeModel } from "@sluice/protocol";

/** `model` with what it reads alone, in the order of names and numbers. Predictions stay; numbers of clusters follow their
 *  centres. Of a model that reads nothing, one name stays, as a model has one at least. */
export function canonical(model: ReleasedModel): ReleasedModel {
  switch (model.kind) {
    case "linear-model":
      return canonicalLinear(model);
    case "tree-model":
      return canonicalTrees(model);
    case "scorecard":
      return canonicalScorecard(model);
    case "clusters":
      return canonicalClusters(model);
  }
}

function canonicalLinear({ features, weights, ...rest }: LinearModel): LinearModel {
  const kept = sortedOf(features, (j) => weights[j] !== 0);
  return { ...rest, features: pick(features, kept), weights: pick(weights, kept) };
}

function canonicalTrees({ features, trees, ...rest }: TreeModel): TreeModel {
  const read = new Set(trees.flatMap(({ feature, left }) => feature.filter((_, node) => (left[node] ?? -1) >= 0)));
  const kept = sortedOf(features, (j) => read.has(j));
  const places = new Map(kept.map((j, place) => [j, place]));
  const own = trees.map((tree) => JSON.stringify(preorder(tree, places)));
  return { ...rest, features: pick(features, kept), trees: own.sort().map((text): Tree => JSON.parse(text)) };
}

/** Each node before those to its left, and these before those to its right. */
function preorder(tree: Tree, places: ReadonlyMap<number, number>): Tree {
  const out: Tree = { feature: [], threshold: [], left: [], right: [], value: [] };
  const add = (node: number): number => {
    const place = out.left.length;
    const [l, r] = [tree.left[node] ?? -1, tree.right[node] ?? -1];
    out.feature.push(l < 0 ? 0 : (places.get(tree.feature[node] ?? 0) ?? 0));
    out.threshold.push(tree.threshold[node] ?? 0);
    out.value.push(tree.value[node] ?? 0);
    out.left.push(-1);
    out.right.push(-1);
    if (l >= 0) {
      out.left[place] = add(l);
      out.right[place] = add(r);
    }
    return place;
  };
  add(0);
  return out;
}

function canonicalScorecard({ items, ...rest }: Scorecard): Scorecard {
  const kept = sortedOf(
    items.map(({ column }) => column),
    (j) => items[j]?.points.some((points) => points !== 0) ?? false,
  );
  return { ...rest, items: pick(items, kept).map(canonicalItem) };
}

function canonicalItem(item: Scorecard["items"][number]): Scorecard["items"][number] {
  if ("breaks" in item) return item;
  const groups = item.levels.map((levels, bin) => ({ levels: levels.toSorted(), points: item.points[bin] ?? 0 }));
  groups.sort((one, other) => ((one.levels[0] ?? "") < (other.levels[0] ?? "") ? -1 : 1));
  const last = item.points.at(-1) ?? 0;
  return {
    column: item.column,
    levels: groups.map(({ levels }) => levels),
    points: [...groups.map(({ points }) => points), last],
  };
}

function canonicalClusters({ features, means, scales, centres, ...rest }: Clusters): Clusters {
  const kept = sortedOf(features, () => true);
  return {
    ...rest,
    features: pick(features, kept),
    means: pick(means, kept),
    scales: pick(scales, kept),
    centres: centres.map((centre) => pick(centre, kept)).sort(byNumbers),
  };
}

/** Places of the names that are used, by name; that of the first name when none is. */
function sortedOf(names: readonly string[], isUsed: (place: number) => boolean): number[] {
  const sorted = [...names.keys()].sort((one, other) => ((names[one] ?? "") < (names[other] ?? "") ? -1 : 1));
  const used = sorted.filter(isUsed);
  return used.length === 0 ? sorted.slice(0, 1) : used;
}

function pick<T>(list: readonly T[], places: readonly number[]): T[] {
  return places.flatMap((place) => list.slice(place, place + 1));
}

function byNumbers(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, j) => value !== other[j]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
