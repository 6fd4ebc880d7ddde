/** Parameters of a released model as a person reads them, of any kind: what each says of which rows, and its number.
 *  @module */
import { leafCount, scorecardBins, type ReleasedModel, type ScorecardItem, type Tree } from "@sluice/protocol";

/** The few words that are needed, by language. */
export interface ModelWords {
  readonly intercept: string;
  readonly base: string;
  readonly tree: string;
  readonly all: string;
  readonly missing: string;
  readonly other: string;
  readonly centre: string;
}

/** In English. */
export const ENGLISH_MODEL_WORDS: ModelWords = {
  intercept: "intercept",
  base: "base",
  tree: "tree",
  all: "all rows",
  missing: "missing",
  other: "other or missing",
  centre: "centre",
};

/** In Chinese. */
export const CHINESE_MODEL_WORDS: ModelWords = {
  intercept: "截距",
  base: "基数",
  tree: "树",
  all: "全部行",
  missing: "缺失",
  other: "其他或缺失",
  centre: "中心",
};

/** What a model is, and how large. */
export function modelSummary(model: ReleasedModel): string {
  switch (model.kind) {
    case "linear-model":
      return `linear, ${model.features.length} features`;
    case "tree-model": {
      const leaves = model.trees.reduce((sum, tree) => sum + leafCount(tree), 0);
      return `trees, ${model.trees.length} with ${leaves} leaves over ${model.features.length} features, link ${model.link}`;
    }
    case "scorecard":
      return `scorecard, ${scorecardBins(model)} bins of ${model.items.length} columns`;
    case "clusters":
      return `clusters, ${model.centres.length} centres over ${model.features.length} features`;
  }
}

/** How many parameters a model has, as `modelParameters` lists them. */
export function parameterCount(model: ReleasedModel): number {
  return modelParameters(model, ENGLISH_MODEL_WORDS).length;
}

/** Each parameter with its name. Of a tree, each leaf with the conditions that lead to it; of clusters, each centre in the
 *  units of its columns. */
export function modelParameters(model: ReleasedModel, words: ModelWords): (readonly [name: string, value: number])[] {
  switch (model.kind) {
    case "linear-model":
      return [
        [words.intercept, model.intercept],
        ...model.features.map((feature, i) => [feature, model.weights[i] ?? 0] as const),
      ];
    case "tree-model":
      return [
        [words.base, model.base],
        ...model.trees.flatMap((tree, t) =>
          leafRules(tree, model.features).map(
            ({ rules, value }) => [`${words.tree} ${t + 1}: ${rules.join(", ") || words.all}`, value] as const,
          ),
        ),
      ];
    case "scorecard":
      return [
        [words.intercept, model.intercept],
        ...model.items.flatMap((item) =>
          item.points.map((points, bin) => [`${item.column} ${binText(item, bin, words)}`, points] as const),
        ),
      ];
    case "clusters":
      return model.centres.flatMap((centre, c) =>
        centre.map((position, j) => {
          const value = (model.means[j] ?? 0) + position * (model.scales[j] ?? 1);
          return [`${words.centre} ${c + 1}: ${model.features[j] ?? ""}`, value] as const;
        }),
      );
  }
}

/** Leaves from left to right, each with the conditions on the way to it. */
function leafRules(tree: Tree, features: readonly string[]): { rules: string[]; value: number }[] {
  const visit = (node: number, rules: string[]): { rules: string[]; value: number }[] => {
    const [left = -1, right = -1] = [tree.left[node], tree.right[node]];
    if (left === -1) return [{ rules, value: tree.value[node] ?? 0 }];
    const name = features[tree.feature[node] ?? 0] ?? "";
    const threshold = tree.threshold[node] ?? 0;
    return [
      ...visit(left, [...rules, `${name} ≤ ${threshold}`]),
      ...visit(right, [...rules, `${name} > ${threshold}`]),
    ];
  };
  return visit(0, []);
}

function binText(item: ScorecardItem, bin: number, words: ModelWords): string {
  if ("levels" in item) return `= ${item.levels[bin]?.join(", ") ?? words.other}`;
  if (bin > item.breaks.length) return `= ${words.missing}`;
  const [from, to] = [item.breaks[bin - 1], item.breaks[bin]];
  if (from === undefined) return to === undefined ? `≠ ${words.missing}` : `< ${to}`;
  return to === undefined ? `≥ ${from}` : `≥ ${from}, < ${to}`;
}
