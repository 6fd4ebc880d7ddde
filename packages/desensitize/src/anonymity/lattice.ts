/** All combinations of levels of a table's columns, numbered: level i of dimension d counts `strides[d]`.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** Combinations of levels that are searched. */
export const MAX_LATTICE_NODES = 1_000_000;

/** Combinations of levels. */
export interface Lattice {
  readonly size: number;
  /** Levels of each dimension. */
  readonly heights: readonly number[];
  readonly strides: readonly number[];
}

/** The lattice of dimensions with so many levels each. The size is checked before anything is built.
 *  @throws ERR_POLICY for more than MAX_LATTICE_NODES nodes. */
export function createLattice(heights: readonly number[]): Lattice {
  const strides: number[] = [];
  let size = 1;
  for (const height of heights) {
    strides.push(size);
    size *= height;
    if (size > MAX_LATTICE_NODES) {
      const reason = `the levels of the quasi-identifiers have more than ${MAX_LATTICE_NODES} combinations: expected mondrian, or fewer levels`;
      throw new SluiceError("ERR_POLICY", { pointer: "/model/algorithm", reason });
    }
  }
  return { size, heights, strides };
}

/** Level of each dimension at `node`. */
export function levelsOf({ heights, strides }: Lattice, node: number): number[] {
  return heights.map((height, d) => Math.floor(node / (strides[d] ?? 1)) % height);
}

/** Nodes that are one level higher in one dimension. */
export function nodesAbove({ heights, strides }: Lattice, node: number): number[] {
  return heights.flatMap((height, d) => {
    const stride = strides[d] ?? 1;
    return Math.floor(node / stride) % height < height - 1 ? [node + stride] : [];
  });
}
