/** k-means on standardised features, started by k-means++. Which rows start is drawn by what a row holds and the seed, not by
 *  where it stands: the order of rows changes nothing but the last digits.
 *  @see Arthur, Vassilvitskii: k-means++ (SODA 2007); Efraimidis, Spirakis: weighted sampling by a race (2006)
 *  @module */
import type { Clusters } from "@sluice/protocol";
import { standardize, type Matrix } from "./features.ts";

/** Options of `kMeans`. */
export interface KMeansOptions {
  readonly clusters: number;
  readonly seed?: number;
  /** Starts, of which the best is kept. */
  readonly starts?: number;
  readonly maxIterations?: number;
  readonly onProgress?: (fraction: number) => void;
}

/** Clusters with how well they fit. */
export interface ClustersFit extends Clusters {
  /** Sum of squared distances to the nearest centre, in standardised space. */
  readonly inertia: number;
  /** Rows of each centre. */
  readonly sizes: number[];
  readonly iterations: number;
  readonly converged: boolean;
}

/** Starts unless told otherwise. */
export const DEFAULT_STARTS = 4;
const DEFAULT_ITERATIONS = 100;
/** Share by which the inertia falls in a step that is not the last. */
const MIN_FALL = 1e-4;
const BLOCK_ROWS = 1_024;

/** Groups rows around `clusters` centres. A centre that no row is nearest to moves to the row that is furthest from its own.
 *  @throws RangeError when there are fewer distinct rows than clusters, or clusters are not 2 to 64 */
export function kMeans(matrix: Matrix, options: KMeansOptions): ClustersFit {
  const { clusters, seed = 1, starts = DEFAULT_STARTS, maxIterations = DEFAULT_ITERATIONS } = options;
  if (!Number.isInteger(clusters) || clusters < 2 || clusters > 64) throw new RangeError("clusters are 2 to 64");
  const { matrix: scaled, means, deviations } = standardize(matrix);
  let best: Run | undefined;
  for (let start = 0; start < Math.max(1, starts); start++) {
    const draws = drawer(matrix, seed, start);
    const run = lloyd(scaled, plusPlus(scaled, clusters, draws), maxIterations);
    if (best === undefined || run.inertia < best.inertia) best = run;
    options.onProgress?.((start + 1) / Math.max(1, starts));
  }
  if (best === undefined) throw new RangeError("there is no start");
  const { centres, ...facts } = best;
  return {
    kind: "clusters",
    features: [...matrix.features],
    means: [...means],
    scales: [...deviations],
    centres: centres.map((centre) => [...centre]),
    ...facts,
  };
}

interface Run {
  readonly centres: Float64Array[];
  readonly inertia: number;
  readonly sizes: number[];
  readonly iterations: number;
  readonly converged: boolean;
}

/** For each row a number in (0, 1) that follows from what it holds, the seed, the start and the step. */
function drawer(matrix: Matrix, seed: number, start: number): (step: number) => Float64Array {
  const number = new Float64Array(1);
  const words = new Uint32Array(number.buffer);
  const hashes = new Uint32Array(matrix.rowCount).fill(
    Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(start + 1, 0x85ebca6b),
  );
  for (const column of matrix.columns) {
    for (let i = 0; i < hashes.length; i++) {
      // Adding 0 makes one of the two zeros.
      number[0] = (column[i] ?? 0) + 0;
      hashes[i] = mix(mix((hashes[i] ?? 0) ^ (words[0] ?? 0)) ^ (words[1] ?? 0));
    }
  }
  return (step) => Float64Array.from(hashes, (hash) => (mix(hash ^ Math.imul(step + 1, 0xc2b2ae35)) + 0.5) / 2 ** 32);
}

/** The finaliser of MurmurHash3. */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Rows as first centres, each with a chance in proportion to its squared distance from those before it. */
function plusPlus(matrix: Matrix, clusters: number, draws: (step: number) => Float64Array): Float64Array[] {
  const centres: Float64Array[] = [];
  const distances = new Float64Array(matrix.rowCount).fill(1);
  const fresh = new Float64Array(matrix.rowCount);
  for (let step = 0; step < clusters; step++) {
    const chances = draws(step);
    let chosen = -1;
    let first = Infinity;
    for (let i = 0; i < matrix.rowCount; i++) {
      const distance = distances[i] ?? 0;
      if (!(distance > 0)) continue;
      const arrival = -Math.log(chances[i] ?? 1) / distance;
      if (arrival < first) [chosen, first] = [i, arrival];
    }
    if (chosen === -1) throw new RangeError(`there are fewer than ${clusters} distinct rows`);
    const centre = Float64Array.from(matrix.columns, (column) => column[chosen] ?? 0);
    centres.push(centre);
    squaredDistances(matrix.columns, centre, fresh);
    for (let i = 0; i < distances.length; i++) {
      distances[i] = step === 0 ? (fresh[i] ?? 0) : Math.min(distances[i] ?? 0, fresh[i] ?? 0);
    }
  }
  return centres;
}

function squaredDistances(columns: readonly Float64Array[], centre: Float64Array, out: Float64Array): void {
  out.fill(0);
  for (const [j, column] of columns.entries()) {
    const at = centre[j] ?? 0;
    for (let i = 0; i < out.length; i++) {
      const apart = (column[i] ?? 0) - at;
      out[i] = (out[i] ?? 0) + apart * apart;
    }
  }
}

/** Moves centres to the means of their rows until the inertia falls no more. */
function lloyd(matrix: Matrix, start: Float64Array[], maxIterations: number): Run {
  let centres = start;
  let assigned = assign(matrix, centres);
  let iterations = 0;
  let converged = false;
  while (iterations < maxIterations && !converged) {
    iterations++;
    centres = meansOf(matrix, centres, assigned);
    const next = assign(matrix, centres);
    converged = next.inertia >= assigned.inertia * (1 - MIN_FALL);
    assigned = next;
  }
  const sizes = centres.map(() => 0);
  for (const centre of assigned.nearest) sizes[centre] = (sizes[centre] ?? 0) + 1;
  return { centres, inertia: assigned.inertia, sizes, iterations, converged };
}

interface Assigned {
  readonly nearest: Uint8Array;
  readonly distances: Float64Array;
  /** Sum of the distances. */
  readonly inertia: number;
}

function assign(matrix: Matrix, centres: readonly Float64Array[]): Assigned {
  const nearest = new Uint8Array(matrix.rowCount);
  const distances = new Float64Array(matrix.rowCount).fill(Infinity);
  let inertia = 0;
  // Blocks that fit into the caches of a processor.
  for (let from = 0; from < matrix.rowCount; from += BLOCK_ROWS) {
    const columns = matrix.columns.map((column) => column.subarray(from, from + BLOCK_ROWS));
    const best = distances.subarray(from, from + BLOCK_ROWS);
    const own = new Float64Array(best.length);
    for (const [c, centre] of centres.entries()) {
      squaredDistances(columns, centre, own);
      for (let i = 0; i < own.length; i++) {
        const distance = own[i] ?? 0;
        if (distance >= (best[i] ?? 0)) continue;
        best[i] = distance;
        nearest[from + i] = c;
      }
    }
    for (const distance of best) inertia += distance;
  }
  return { nearest, distances, inertia };
}

function meansOf(matrix: Matrix, centres: readonly Float64Array[], { nearest, distances }: Assigned): Float64Array[] {
  const counts = new Float64Array(centres.length);
  for (const centre of nearest) counts[centre] = (counts[centre] ?? 0) + 1;
  const sums = centres.map((centre) => new Float64Array(centre.length));
  for (const [j, column] of matrix.columns.entries()) {
    const totals = new Float64Array(centres.length);
    for (let i = 0; i < nearest.length; i++) {
      const c = nearest[i] ?? 0;
      totals[c] = (totals[c] ?? 0) + (column[i] ?? 0);
    }
    for (const [c, sum] of sums.entries()) sum[j] = (totals[c] ?? 0) / (counts[c] ?? 1);
  }
  const left = Float64Array.from(distances);
  return sums.map((sum, c) => {
    if ((counts[c] ?? 0) > 0) return sum;
    let furthest = 0;
    for (let i = 1; i < left.length; i++) if ((left[i] ?? 0) > (left[furthest] ?? 0)) furthest = i;
    left[furthest] = 0;
    return Float64Array.from(matrix.columns, (column) => column[furthest] ?? 0);
  });
}
