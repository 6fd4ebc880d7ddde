/** Inputs and results of the steps of a build, as the lookup worker takes them. Large arrays lie in shared memory, so that no
 *  step copies them.
 *  @module */
import type { Bytes, LookupParameters } from "@sluice/protocol";
import type { IndexHandle } from "./index-memory.ts";
import type { OprfKeySource, PackedTable } from "./tasks.ts";

/** Input of `lookup.digest`: a part of a table, looked at before anything is derived from it. */
export interface DigestTask {
  readonly table: PackedTable;
  /** Fresh for each look, so that nobody can make keys whose tags are equal. */
  readonly salt: Bytes;
}

/** Result of `lookup.digest`. */
export interface DigestResult {
  /** SHA-256 of the part. */
  readonly hash: Bytes;
  /** Eight bytes of a salted hash of each key. */
  readonly tags: BigUint64Array;
}

/** Input of `lookup.distinct`: the tags of a whole table, which are sorted in place. */
export interface DistinctTask {
  readonly tags: BigUint64Array;
}

/** Input of `lookup.derive`; the result is DerivedRows. */
export interface DeriveTask extends OprfKeySource {
  readonly table: PackedTable;
  readonly context: Bytes;
  readonly matrixSeed: Bytes;
}

/** Input of `lookup.arrange`; the result is an Arrangement. */
export interface ArrangeTask {
  readonly positions: Bytes;
  readonly index: IndexHandle;
}

/** Input of `lookup.assign`, when every record is in its own slot. */
export interface AssignTask {
  readonly index: IndexHandle;
  readonly starts: Uint32Array;
}

/** Input of `lookup.hint`; the result is the hint of these columns. */
export interface HintTask {
  readonly parameters: LookupParameters;
  readonly database: Bytes;
  /** From the first to before the last. */
  readonly columns: readonly [from: number, to: number];
}
