/** Gradient-boosted trees: each tree is grown on what those before it leave of the log-likelihood. The deviance of the rows
 *  falls with every tree that is kept.
 *  @see Friedman: Greedy function approximation (2001); Chen, Guestrin: XGBoost (KDD 2016)
 *  @module */
import type { ModelLink, Tree } from "@sluice/protocol";
import { inverseLink } from "@sluice/protocol/model-evaluate";
import { binMatrix } from "./bins.ts";
import { meanDeviance } from "./deviance.ts";
import type { Matrix } from "./features.ts";
import { meanOf } from "./linear.ts";
import {
  checkTargets,
  leafLimits,
  logOdds,
  shares,
  smallestLeaf,
  treeOf,
  type LeafOptions,
  type TreeFit,
} from "./tree-fit.ts";
import { growTree } from "./tree-grow.ts";

/** Options of `gradientBoosting`. */
export interface BoostingOptions extends LeafOptions {
  /** Of the prediction: identity for numbers, logit for a yes or no, log for counts. */
  readonly link?: ModelLink;
  /** As many as the rows bear, unless told otherwise: a fifth of a parameter for each person, 50 at most. */
  readonly trees?: number;
  /** Share of each tree's values that is added. */
  readonly learningRate?: number;
  /** Penalty on squared leaf values, as if so much weight had pulled each towards 0. */
  readonly l2?: number;
  /** With the link log: time or size at risk of each row, above 0. */
  readonly exposure?: ArrayLike<number>;
  /** Told after each tree, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** Trees unless told otherwise, where there are rows enough. */
export const DEFAULT_TREES = 50;
/** Leaves and base for each person, unless trees are told: the guard refuses above 0.33, and honest models of more wait for a person
 *  the oftener (measured: docs/kit.md). */
const DEFAULT_PARAMETERS_PER_PERSON = 0.2;
/** Leaves of a tree unless told otherwise, of many persons and of few. */
const DEFAULT_BOOSTED_LEAVES = { many: 8, few: 4 };
const MANY_PERSONS = 2_000;
/** Share of a tree's values unless told otherwise. */
export const DEFAULT_LEARNING_RATE = 0.1;
const MAX_TREES = 200;
/** How often the values of a tree that makes the fit worse are halved. */
const MAX_HALVINGS = 20;

/** Fits trees one after another; fewer than asked for when no split gains any more.
 *  @throws RangeError when there is not one target (or exposure) per row, a target does not fit the link, `minLeafRows` is
 *  below 10, or trees are not 1 to 200 */
export function gradientBoosting(matrix: Matrix, targets: ArrayLike<number>, options: BoostingOptions = {}): TreeFit {
  const persons = matrix.rowCount / (options.maxRowsPerPerson ?? 1);
  const limits = leafLimits({
    maxLeaves: persons < MANY_PERSONS ? DEFAULT_BOOSTED_LEAVES.few : DEFAULT_BOOSTED_LEAVES.many,
    ...options,
  });
  const usual = Math.floor((DEFAULT_PARAMETERS_PER_PERSON * persons - 1) / limits.maxLeaves);
  const borne = Math.max(1, Math.min(DEFAULT_TREES, usual));
  const { link = "logit", trees: wanted = borne, learningRate = DEFAULT_LEARNING_RATE, l2 = 1 } = options;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > MAX_TREES)
    throw new RangeError(`trees are 1 to ${MAX_TREES}`);
  checkTargets(matrix, targets, link);
  const base = baseOf(link, targets, options.exposure);
  let sums = startOf(matrix, base, link, options.exposure);
  const binned = binMatrix(matrix, limits);
  const losses = [meanDeviance(link, targets, sums)];
  const trees: Tree[] = [];
  const gains = new Float64Array(matrix.features.length);
  let smallest = Infinity;
  const residual = new Float64Array(matrix.rowCount);
  const weight = new Float64Array(matrix.rowCount);
  while (trees.length < wanted) {
    derive(link, targets, sums, residual, weight);
    const grown = growTree(binned, { residual, weight, ...limits, l2 });
    if (grown.left.length === 1) break;
    const tree = treeOf(grown, (_rows, residuals, weights) => (learningRate * residuals) / (weights + l2));
    const before = losses.at(-1) ?? Infinity;
    let [next, loss] = added(link, targets, sums, tree, grown.leafOf);
    for (let halving = 0; halving < MAX_HALVINGS && !(loss < before); halving++) {
      for (const [node, value] of tree.value.entries()) tree.value[node] = value / 2;
      [next, loss] = added(link, targets, sums, tree, grown.leafOf);
    }
    if (!(loss < before)) break;
    trees.push(tree);
    losses.push(loss);
    sums = next;
    for (const [j, gain] of grown.gains.entries()) gains[j] = (gains[j] ?? 0) + gain;
    smallest = Math.min(smallest, smallestLeaf(grown));
    options.onProgress?.(trees.length / wanted);
  }
  if (trees.length === 0) {
    trees.push({ feature: [0], threshold: [0], left: [-1], right: [-1], value: [0] });
    smallest = matrix.rowCount;
  }
  options.onProgress?.(1);
  return {
    kind: "tree-model",
    link,
    features: [...matrix.features],
    base,
    trees,
    losses,
    importance: shares(gains),
    smallestLeaf: smallest,
  };
}

/** The sum of terms whose prediction is the mean of all rows. */
function baseOf(link: ModelLink, targets: ArrayLike<number>, exposure: ArrayLike<number> | undefined): number {
  const mean = meanOf(targets);
  if (link === "identity") return mean;
  if (link === "logit") return logOdds(Math.min(1 - 1e-6, Math.max(1e-6, mean)));
  return Math.log(Math.max(1e-9, mean / (exposure === undefined ? 1 : meanOf(exposure))));
}

function startOf(matrix: Matrix, base: number, link: ModelLink, exposure: ArrayLike<number> | undefined): Float64Array {
  const sums = new Float64Array(matrix.rowCount).fill(base);
  if (exposure === undefined) return sums;
  if (link !== "log") throw new RangeError("an exposure needs the link log");
  if (exposure.length !== sums.length) throw new RangeError(`there are ${exposure.length} exposures`);
  for (let i = 0; i < sums.length; i++) {
    if (!((exposure[i] ?? 0) > 0)) throw new RangeError("an exposure is above 0");
    sums[i] = base + Math.log(exposure[i] ?? 1);
  }
  return sums;
}

/** Derivatives of the log-likelihood by the sum of each row. */
function derive(
  link: ModelLink,
  targets: ArrayLike<number>,
  sums: Float64Array,
  residual: Float64Array,
  weight: Float64Array,
): void {
  for (let i = 0; i < sums.length; i++) {
    const mean = inverseLink(link, sums[i] ?? 0);
    residual[i] = (targets[i] ?? 0) - mean;
    weight[i] = link === "identity" ? 1 : link === "logit" ? mean * (1 - mean) : mean;
  }
}

/** Sums with a tree's values, and their mean deviance. */
function added(
  link: ModelLink,
  targets: ArrayLike<number>,
  sums: Float64Array,
  tree: Tree,
  leafOf: Uint16Array,
): [Float64Array, number] {
  const next = Float64Array.from(sums);
  for (let i = 0; i < next.length; i++) next[i] = (next[i] ?? 0) + (tree.value[leafOf[i] ?? 0] ?? 0);
  return [next, meanDeviance(link, targets, next)];
}
