/** Lays the keys of an index into its buckets and finds a filter seed under which every bucket peels.
 *  Memory: 18 bytes for each key, and those of the positions.
 *  @module */
import { SluiceError, type Bytes, type Random } from "@sluice/protocol";
import { hash } from "node:crypto";
import { pause } from "../cancel.ts";
import { POSITION_BYTES } from "./derive.ts";
import { peelBucket, peelScratch } from "./filter.ts";
import { ARITY, placeOf, type FilterShape } from "./positions.ts";

/** Filter seeds tried; each fits with a probability of about 1/2 or more (see `geometry.ts`). */
const MAX_ATTEMPTS = 64;
const SEED_BYTES = 32;
/** Keys between two looks at the signal: some 20 ms. */
const BATCH_KEYS = 16_384;

/** Where every key of an index lies, in memory that threads share. */
export interface Arrangement {
  readonly filterSeed: Bytes;
  /** Bucket of each key. */
  readonly buckets: Uint16Array;
  /** The three rows of each key; the first is its own. */
  readonly rows: Uint32Array;
  /** Keys bucket by bucket, each bucket in the order of `peelBucket`. */
  readonly keys: Uint32Array;
  /** Bucket b has the keys `starts[b] … starts[b + 1] - 1` of `keys`. */
  readonly starts: Uint32Array;
}

/** @param positions POSITION_BYTES of each key, one after another.
 *  @throws ERR_LOOKUP_TABLE when no filter fits, as of keys with equal positions; ERR_CANCELLED */
export async function arrange(
  positions: Bytes,
  shape: FilterShape,
  random: Random,
  signal?: AbortSignal,
): Promise<Arrangement> {
  const count = positions.length / POSITION_BYTES;
  const buckets = new Uint16Array(new SharedArrayBuffer(count * 2));
  const rows = new Uint32Array(new SharedArrayBuffer(count * 4 * ARITY));
  const keys = new Uint32Array(new SharedArrayBuffer(count * 4));
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const filterSeed = random.bytes(SEED_BYTES);
    await place(positions, filterSeed, shape, { buckets, rows }, signal);
    const starts = group(buckets, shape.buckets, keys);
    if (await peelAll({ keys, rows, starts }, shape, signal)) return { filterSeed, buckets, rows, keys, starts };
  }
  throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "no filter fits its keys" });
}

async function place(
  positions: Bytes,
  filterSeed: Bytes,
  shape: FilterShape,
  { buckets, rows }: Pick<Arrangement, "buckets" | "rows">,
  signal: AbortSignal | undefined,
): Promise<void> {
  const message = new Uint8Array(SEED_BYTES + POSITION_BYTES);
  message.set(filterSeed);
  for (let key = 0; key < buckets.length; key++) {
    if (key % BATCH_KEYS === 0) await pause(signal);
    message.set(positions.subarray(key * POSITION_BYTES, (key + 1) * POSITION_BYTES), SEED_BYTES);
    const placed = placeOf(hash("sha256", message, "buffer"), shape);
    buckets[key] = placed.bucket;
    rows.set(placed.rows, key * ARITY);
  }
  message.fill(0);
}

/** Orders `keys` by bucket, and within a bucket by number. */
function group(buckets: Uint16Array, bucketCount: number, keys: Uint32Array): Uint32Array {
  const starts = new Uint32Array(bucketCount + 1);
  for (const bucket of buckets) starts[bucket + 1] = (starts[bucket + 1] ?? 0) + 1;
  for (let b = 0; b < bucketCount; b++) starts[b + 1] = (starts[b + 1] ?? 0) + (starts[b] ?? 0);
  const next = starts.slice();
  for (const [key, bucket] of buckets.entries()) {
    const at = next[bucket] ?? 0;
    keys[at] = key;
    next[bucket] = at + 1;
  }
  return starts;
}

async function peelAll(
  { keys, rows, starts }: Pick<Arrangement, "keys" | "rows" | "starts">,
  { rowsPerBucket, buckets }: FilterShape,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const scratch = peelScratch(rowsPerBucket);
  for (let bucket = 0; bucket < buckets; bucket++) {
    await pause(signal);
    if (!peelBucket(keys.subarray(starts[bucket], starts[bucket + 1]), rows, rowsPerBucket, scratch)) return false;
  }
  return true;
}
