/** Memory of an index under construction: where each key lies, and the database. Threads share it, and a kernel works in it where the
 *  engine has it and 32-bit addresses reach; elsewhere the same is done in plain TypeScript.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { openFilterKernel, type FilterKernel } from "../kernel/filter-kernel.ts";
import { createKernelMemory } from "../kernel/kernels.ts";
import type { KernelMemory } from "../kernel/web-assembly.ts";
import { assignBucket, peelBucket, type PeelScratch } from "./filter.ts";
import { ARITY, type FilterShape } from "./positions.ts";

/** What the layout follows from. */
export interface IndexSize {
  /** Keys. */
  readonly count: number;
  readonly shape: FilterShape;
  readonly recordBytes: number;
}

/** The memory as it is given to threads; nothing of it is copied. */
export interface IndexHandle extends IndexSize {
  readonly memory: KernelMemory | SharedArrayBuffer;
}

/** Bytes that one address space of the kernel has. */
const MAX_KERNEL_BYTES = 2 ** 32;
const SCRATCH_WORDS = 4;
const ALIGNMENT = 16;

/** Allocates it, zeros. `kernel: false` keeps to plain TypeScript. */
export function allocateIndex(size: IndexSize, { kernel = true } = {}): IndexHandle {
  const { end } = layoutOf(size);
  const memory = kernel && end <= MAX_KERNEL_BYTES ? createKernelMemory(end, { shared: true }) : null;
  return { ...size, memory: memory ?? new SharedArrayBuffer(end) };
}

/** One thread's view of it. */
export class IndexMemory {
  readonly size: IndexSize;
  /** Keys bucket by bucket. */
  readonly keys: Uint32Array;
  /** Three rows of each key. */
  readonly rows: Uint32Array;
  /** Bucket of each key. */
  readonly buckets: Uint16Array;
  /** rowsPerBucket rows of buckets × recordBytes bytes. */
  readonly database: Bytes;
  readonly #scratch: PeelScratch;
  readonly #kernel: FilterKernel | null;
  readonly #at: ReturnType<typeof layoutOf>;

  constructor({ memory, count, shape, recordBytes }: IndexHandle) {
    this.size = { count, shape, recordBytes };
    const at = layoutOf(this.size);
    const buffer = memory instanceof SharedArrayBuffer ? memory : memory.buffer;
    const { rowsPerBucket } = shape;
    const scratch = (part: number): Uint32Array =>
      new Uint32Array(buffer, at.scratch + 4 * part * rowsPerBucket, rowsPerBucket);
    this.keys = new Uint32Array(buffer, at.keys, count);
    this.rows = new Uint32Array(buffer, at.rows, count * ARITY);
    this.buckets = new Uint16Array(buffer, at.buckets, count);
    this.database = new Uint8Array(buffer, at.database, at.end - at.database);
    this.#scratch = { degree: scratch(0), keyXor: scratch(1), queue: scratch(2), order: scratch(3) };
    this.#kernel = memory instanceof SharedArrayBuffer ? null : openFilterKernel(memory);
    this.#at = at;
  }

  /** Peels the keys from place `from` to before `to`, which are those of one bucket; see `peelBucket`. */
  peel(from: number, to: number): boolean {
    const { rowsPerBucket } = this.size.shape;
    const { keys, rows, scratch } = this.#at;
    if (this.#kernel === null) return peelBucket(this.keys.subarray(from, to), this.rows, rowsPerBucket, this.#scratch);
    return this.#kernel.peel(keys + 4 * from, to - from, rows, rowsPerBucket, scratch) === 1;
  }

  /** Makes the rows of each key of `bucket` sum to its record; see `assignBucket`. */
  assign(bucket: number, from: number, to: number): void {
    const { shape, recordBytes: width } = this.size;
    const first = bucket * width;
    const stride = shape.buckets * width;
    const { keys, rows, database } = this.#at;
    if (this.#kernel === null) {
      assignBucket(this.database, this.keys.subarray(from, to), this.rows, { first, stride, width });
    } else {
      this.#kernel.assign(database + first, stride, width, keys + 4 * from, to - from, rows);
    }
  }
}

/** Where the parts begin, and where the last ends. */
function layoutOf({ count, shape, recordBytes }: IndexSize) {
  const keys = 0;
  const rows = keys + 4 * count;
  const buckets = rows + 4 * ARITY * count;
  const scratch = aligned(buckets + 2 * count);
  const database = aligned(scratch + 4 * SCRATCH_WORDS * shape.rowsPerBucket);
  return { keys, rows, buckets, scratch, database, end: database + shape.rowsPerBucket * shape.buckets * recordBytes };
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
