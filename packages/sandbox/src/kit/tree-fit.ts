/** One decision tree: of numbers (link identity) or of a yes or no (link logit). No leaf has fewer than 10 rows.
 *  @see Breiman, Friedman, Olshen, Stone: Classification and Regression Trees
 *  @module */
import type { ModelLink, Tree, TreeModel } from "@sluice/protocol";
import { binMatrix } from "./bins.ts";
import { meanDeviance } from "./deviance.ts";
import type { Matrix } from "./features.ts";
import { meanOf } from "./linear.ts";
import { growTree, type GrownTree } from "./tree-grow.ts";

/** Rows of a leaf at least, always. The guard counts persons: when one has up to r rows, say so with `maxRowsPerPerson`. */
export const MIN_LEAF_ROWS = 10;
/** Levels of a tree unless told otherwise. */
export const DEFAULT_MAX_DEPTH = 8;
const DEFAULT_MAX_LEAVES = 16;
const MAX_LEAVES = 64;
/** Rows with which the share of all pulls on the share of a leaf. */
const PRIOR_ROWS = 2;

/** How large a tree grows, and what holds it back. */
export interface LeafOptions {
  readonly maxLeaves?: number;
  readonly maxDepth?: number;
  /** Rows of a leaf at least; it may only raise the 10. */
  readonly minLeafRows?: number;
  /** Rows that one person has at most. A leaf of `minLeafRows` times as many rows is of as many persons as the guard asks for,
   *  if the number is true; the guard counts for itself. */
  readonly maxRowsPerPerson?: number;
}

/** Options of `decisionTree`. */
export interface TreeOptions extends LeafOptions {
  readonly link?: Exclude<ModelLink, "log">;
}

/** Trees with how they came about. */
export interface TreeFit extends TreeModel {
  /** Mean deviance of the rows before the first tree and after each. */
  readonly losses: number[];
  /** What the splits of each feature gained, as a share of all gains. */
  readonly importance: number[];
  /** Rows of the smallest leaf. */
  readonly smallestLeaf: number;
}

/** Fits one tree. With the link logit, targets are 0 or 1, and a leaf's log-odds are of its share, pulled a little to that of
 *  all rows; the splits are those that lower the Gini impurity most.
 *  @throws RangeError when there is not one target per row, a target is no such number, or `minLeafRows` is below 10 */
export function decisionTree(matrix: Matrix, targets: ArrayLike<number>, options: TreeOptions = {}): TreeFit {
  const { link = "identity" } = options;
  checkTargets(matrix, targets, link);
  const { maxLeaves, maxDepth, minLeafRows } = leafLimits(options);
  const mean = meanOf(targets);
  const residual = Float64Array.from(targets, (target) => target - mean);
  const weight = new Float64Array(matrix.rowCount).fill(1);
  const grown = growTree(binMatrix(matrix), { residual, weight, maxLeaves, maxDepth, minLeafRows, l2: 0 });
  const share = (positives: number, rows: number): number => {
    const prior = Math.min(1 - 1e-6, Math.max(1e-6, mean));
    return (positives + PRIOR_ROWS * prior) / (rows + PRIOR_ROWS);
  };
  const base = link === "identity" ? mean : logOdds(share(mean * matrix.rowCount, matrix.rowCount));
  const tree = treeOf(grown, (rows, sum) =>
    link === "identity" ? sum / Math.max(1, rows) : logOdds(share(sum + mean * rows, rows)) - base,
  );
  const losses = [undefined, grown].map((fitted) => {
    const sums = Float64Array.from(targets, (_, i) => base + (fitted ? (tree.value[fitted.leafOf[i] ?? 0] ?? 0) : 0));
    return meanDeviance(link, targets, sums);
  });
  return {
    kind: "tree-model",
    link,
    features: [...matrix.features],
    base,
    trees: [tree],
    losses,
    importance: shares(grown.gains),
    smallestLeaf: smallestLeaf(grown),
  };
}

/** Checked limits of a tree. @throws RangeError */
export function leafLimits(options: LeafOptions): {
  maxLeaves: number;
  maxDepth: number;
  minLeafRows: number;
  minBinRows: number;
} {
  const { maxLeaves = DEFAULT_MAX_LEAVES, maxDepth = DEFAULT_MAX_DEPTH, maxRowsPerPerson = 1 } = options;
  const { minLeafRows = MIN_LEAF_ROWS } = options;
  if (!(minLeafRows >= MIN_LEAF_ROWS)) throw new RangeError(`a leaf has at least ${MIN_LEAF_ROWS} rows`);
  if (!(maxRowsPerPerson >= 1)) throw new RangeError("a person has at least 1 row");
  if (!Number.isInteger(maxLeaves) || maxLeaves < 2 || maxLeaves > MAX_LEAVES) {
    throw new RangeError(`leaves are 2 to ${MAX_LEAVES}`);
  }
  const minBinRows = Math.ceil(MIN_LEAF_ROWS * maxRowsPerPerson);
  return { maxLeaves, maxDepth, minLeafRows: Math.ceil(minLeafRows * maxRowsPerPerson), minBinRows };
}

/** @throws RangeError when there is not one finite target per row, or one that its link does not have */
export function checkTargets(matrix: Matrix, targets: ArrayLike<number>, link: ModelLink): void {
  if (targets.length !== matrix.rowCount) throw new RangeError(`there are ${targets.length} targets`);
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i] ?? Number.NaN;
    if (!Number.isFinite(target)) throw new RangeError("a target is a finite number");
    if (link === "logit" && target !== 0 && target !== 1) throw new RangeError("a target is 0 or 1");
    if (link === "log" && target < 0) throw new RangeError("a target is 0 or more");
  }
}

/** The exported arrays of a grown tree, each leaf with `valueOf(rows, residual, weight)`. */
export function treeOf(grown: GrownTree, valueOf: (rows: number, residual: number, weight: number) => number): Tree {
  const { feature, threshold, left, right } = grown;
  const value = left.map((child, node) =>
    child === -1 ? valueOf(grown.rows[node] ?? 0, grown.residual[node] ?? 0, grown.weight[node] ?? 0) : 0,
  );
  return { feature, threshold, left, right, value };
}

/** Rows of the smallest leaf. */
export function smallestLeaf({ left, rows }: GrownTree): number {
  return rows.reduce((least, count, node) => (left[node] === -1 ? Math.min(least, count) : least), Infinity);
}

/** Each as a share of their sum. */
export function shares(gains: Float64Array): number[] {
  const sum = gains.reduce((all, gain) => all + gain, 0);
  return Array.from(gains, (gain) => (sum > 0 ? gain / sum : 0));
}

/** Logarithm of the odds of a share. */
export function logOdds(share: number): number {
  return Math.log(share / (1 - share));
}
