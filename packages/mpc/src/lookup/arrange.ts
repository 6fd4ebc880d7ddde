/** Lays the keys of an index into its buckets and finds a filter seed under which every bucket peels.
 *  @module */
import { SluiceError, type Bytes, type Random } from "@sluice/protocol";
import { hash } from "node:crypto";
import { pause } from "../cancel.ts";
import { POSITION_BYTES } from "./derive.ts";
import type { IndexMemory } from "./index-memory.ts";
import { ARITY, placeOf } from "./positions.ts";

/** Filter seeds tried; each fits with a probability of about 1/2 or more (see `geometry.ts`). */
const MAX_ATTEMPTS = 64;
const SEED_BYTES = 32;
/** Keys between two looks at the signal: some 20 ms. */
const BATCH_KEYS = 16_384;

/** Where every key of an index lies, besides what is in its memory. */
export interface Arrangement {
  readonly filterSeed: Bytes;
  /** Bucket b has the keys `starts[b] … starts[b + 1] - 1` of the memory's. */
  readonly starts: Uint32Array;
}

/** Lays the keys out in `memory`: `buckets`, `rows` with each key's own first, and `keys`, bucket by bucket in the order of
 *  `peelBucket`. @param positions POSITION_BYTES of each key, one after another.
 *  @throws ERR_LOOKUP_TABLE when no filter fits, as of keys with equal positions; ERR_CANCELLED */
export async function arrange(
  positions: Bytes,
  memory: IndexMemory,
  random: Random,
  signal?: AbortSignal,
): Promise<Arrangement> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const filterSeed = random.bytes(SEED_BYTES);
    await place(positions, filterSeed, memory, signal);
    const starts = group(memory);
    if (await peelAll(memory, starts, signal)) return { filterSeed, starts };
  }
  throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "no filter fits its keys" });
}

async function place(
  positions: Bytes,
  filterSeed: Bytes,
  { size, buckets, rows }: IndexMemory,
  signal: AbortSignal | undefined,
): Promise<void> {
  const message = new Uint8Array(SEED_BYTES + POSITION_BYTES);
  message.set(filterSeed);
  for (let key = 0; key < size.count; key++) {
    if (key % BATCH_KEYS === 0) await pause(signal);
    message.set(positions.subarray(key * POSITION_BYTES, (key + 1) * POSITION_BYTES), SEED_BYTES);
    const placed = placeOf(hash("sha256", message, "buffer"), size.shape);
    buckets[key] = placed.bucket;
    rows.set(placed.rows, key * ARITY);
  }
  message.fill(0);
}

/** Orders `keys` by bucket, and within a bucket by number. */
function group({ size, buckets, keys }: IndexMemory): Uint32Array {
  const starts = new Uint32Array(size.shape.buckets + 1);
  for (const bucket of buckets) starts[bucket + 1] = (starts[bucket + 1] ?? 0) + 1;
  for (let b = 0; b < size.shape.buckets; b++) starts[b + 1] = (starts[b + 1] ?? 0) + (starts[b] ?? 0);
  const next = starts.slice();
  for (const [key, bucket] of buckets.entries()) {
    const at = next[bucket] ?? 0;
    keys[at] = key;
    next[bucket] = at + 1;
  }
  return starts;
}

async function peelAll(memory: IndexMemory, starts: Uint32Array, signal: AbortSignal | undefined): Promise<boolean> {
  for (let bucket = 0; bucket < memory.size.shape.buckets; bucket++) {
    await pause(signal);
    if (!memory.peel(starts[bucket] ?? 0, starts[bucket + 1] ?? 0)) return false;
  }
  return true;
}
