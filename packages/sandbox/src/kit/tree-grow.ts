/** Growth of one tree, best split first, over histograms of residuals.
 *  @see Chen, Guestrin: XGBoost (KDD 2016), §2; Ke et al.: LightGBM (NIPS 2017), §2.1
 *  @module */
import type { Binned } from "./bins.ts";
import { fillHistogram, histogramOf, subtractHistogram, type Histogram } from "./histogram.ts";

/** What a tree is grown to: the sum of each row's residual over its weight. */
export interface Growth {
  /** First derivative of the log-likelihood by row. */
  readonly residual: Float64Array;
  /** Second derivative, negated. */
  readonly weight: Float64Array;
  readonly maxLeaves: number;
  readonly maxDepth: number;
  /** Rows of a leaf at least. */
  readonly minLeafRows: number;
  /** Penalty on squared leaf values, as if so much weight had pulled each towards 0. */
  readonly l2: number;
}

/** A grown tree in the order in which nodes were made: children come after their parent. */
export interface GrownTree {
  readonly feature: number[];
  readonly threshold: number[];
  readonly left: number[];
  readonly right: number[];
  /** Residuals and weights of each node's rows. */
  readonly residual: number[];
  readonly weight: number[];
  /** Rows of each node. */
  readonly rows: number[];
  /** What each split gained, by feature. */
  readonly gains: Float64Array;
  /** Node of the leaf of each row. */
  readonly leafOf: Uint16Array;
}

interface OpenLeaf {
  readonly node: number;
  readonly depth: number;
  /** Rows of the leaf: `order[from]` to `order[to - 1]`. */
  readonly from: number;
  readonly to: number;
  readonly histogram: Histogram;
  readonly split: Split | null;
}

interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly gain: number;
}

/** Share of the squared residuals below which a gain is rounding. */
const MIN_GAIN = 1e-12;

/** Grows a tree on every row. */
export function growTree(binned: Binned, growth: Growth): GrownTree {
  const { rowCount, codes, splits } = binned;
  const order = Uint32Array.from({ length: rowCount }, (_, row) => row);
  const scratch = new Uint32Array(rowCount);
  const tree = emptyTree(codes.length, rowCount);
  const root = histogramOf(binned);
  fillHistogram(root, binned, growth, order);
  let least = 0;
  for (let i = 0; i < rowCount; i++) least += (growth.residual[i] ?? 0) ** 2;
  least *= MIN_GAIN;
  const open = (node: number, depth: number, from: number, to: number, histogram: Histogram): OpenLeaf => {
    const allowed = depth < growth.maxDepth && to - from >= 2 * growth.minLeafRows;
    const split = allowed ? bestSplit(histogram, binned, growth, tree, node, least) : null;
    return { node, depth, from, to, histogram, split };
  };
  addNode(tree, growth, order);
  const leaves = [open(0, 0, 0, rowCount, root)];
  while (leaves.length < growth.maxLeaves) {
    let best = -1;
    for (const [i, { split }] of leaves.entries()) {
      if (split !== null && split.gain > (leaves[best]?.split?.gain ?? 0)) best = i;
    }
    const leaf = leaves[best];
    if (leaf === undefined || leaf.split === null) break;
    const { node, depth, from, to, histogram, split } = leaf;
    const middle = partition(order, scratch, codes[split.feature] ?? new Uint8Array(0), split.bin, from, to);
    const left = addNode(tree, growth, order.subarray(from, middle));
    const right = addNode(tree, growth, order.subarray(middle, to));
    tree.feature[node] = split.feature;
    tree.threshold[node] = splits[split.feature]?.[split.bin] ?? 0;
    tree.left[node] = left;
    tree.right[node] = right;
    tree.gains[split.feature] = (tree.gains[split.feature] ?? 0) + split.gain;
    // Of two children, the smaller is counted, and the larger is what is left of the parent.
    const leftIsSmaller = middle - from <= to - middle;
    const small = histogramOf(binned);
    fillHistogram(small, binned, growth, leftIsSmaller ? order.subarray(from, middle) : order.subarray(middle, to));
    subtractHistogram(histogram, small);
    const [ofLeft, ofRight] = leftIsSmaller ? [small, histogram] : [histogram, small];
    leaves.splice(best, 1, open(left, depth + 1, from, middle, ofLeft), open(right, depth + 1, middle, to, ofRight));
  }
  for (const { node, from, to } of leaves) for (let i = from; i < to; i++) tree.leafOf[order[i] ?? 0] = node;
  return tree;
}

function emptyTree(features: number, rowCount: number): GrownTree {
  return {
    feature: [],
    threshold: [],
    left: [],
    right: [],
    residual: [],
    weight: [],
    rows: [],
    gains: new Float64Array(features),
    leafOf: new Uint16Array(rowCount),
  };
}

/** Adds a leaf with these rows. Its number. */
function addNode(tree: GrownTree, { residual, weight }: Growth, rows: Uint32Array): number {
  let [residuals, weights] = [0, 0];
  for (const row of rows) {
    residuals += residual[row] ?? 0;
    weights += weight[row] ?? 0;
  }
  tree.feature.push(0);
  tree.threshold.push(0);
  tree.left.push(-1);
  tree.right.push(-1);
  tree.residual.push(residuals);
  tree.weight.push(weights);
  return tree.rows.push(rows.length) - 1;
}

/** The split that gains most; null when none gains. The first feature and the lowest bin of equals. */
function bestSplit(
  { offsets, counts, residuals, weights }: Histogram,
  { splits }: Binned,
  { minLeafRows, l2 }: Growth,
  tree: GrownTree,
  node: number,
  least: number,
): Split | null {
  const [allRows = 0, allResidual = 0, allWeight = 0] = [tree.rows[node], tree.residual[node], tree.weight[node]];
  const before = score(allResidual, allWeight, l2);
  let best: Split | null = null;
  let most = least;
  for (const [feature, own] of splits.entries()) {
    const offset = offsets[feature] ?? 0;
    let [rows, residual, weight] = [0, 0, 0];
    for (let bin = 0; bin < own.length; bin++) {
      rows += counts[offset + bin] ?? 0;
      residual += residuals[offset + bin] ?? 0;
      weight += weights[offset + bin] ?? 0;
      if (rows < minLeafRows) continue;
      if (allRows - rows < minLeafRows) break;
      const gain = score(residual, weight, l2) + score(allResidual - residual, allWeight - weight, l2) - before;
      if (gain > most) {
        best = { feature, bin, gain };
        most = gain;
      }
    }
  }
  return best;
}

/** What the best value of a leaf gains: its squared residual over its weight. */
function score(residual: number, weight: number, l2: number): number {
  const divisor = weight + l2;
  return divisor > 1e-12 ? (residual * residual) / divisor : 0;
}

/** Puts the rows of [from, to) that are left of the split before the others, each in their order. Where the others begin. */
function partition(
  order: Uint32Array,
  scratch: Uint32Array,
  codes: Uint8Array,
  bin: number,
  from: number,
  to: number,
): number {
  let middle = from;
  let others = 0;
  for (let i = from; i < to; i++) {
    const row = order[i] ?? 0;
    if ((codes[row] ?? 0) <= bin) order[middle++] = row;
    else scratch[others++] = row;
  }
  order.set(scratch.subarray(0, others), middle);
  return middle;
}
