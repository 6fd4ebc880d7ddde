/** Fills the database of an index: random bytes everywhere, each record into its key's own slot, then the sums.
 *  @module */
import type { Bytes, Random } from "@sluice/protocol";
import { pause } from "../cancel.ts";
import type { IndexMemory } from "./index-memory.ts";
import { ARITY } from "./positions.ts";

/** Bytes between two looks at the signal. */
const FILL_BYTES = 16 * 1_048_576;

/** Makes every slot random. @throws ERR_CANCELLED */
export async function fillRandom({ database }: IndexMemory, random: Random, signal?: AbortSignal): Promise<void> {
  for (let at = 0; at < database.length; at += FILL_BYTES) {
    await pause(signal);
    database.set(random.bytes(Math.min(FILL_BYTES, database.length - at)), at);
  }
}

/** Puts sealed records, one after another, into the own slots of the keys from number `firstKey`. */
export function placeRecords({ size, database, rows, buckets }: IndexMemory, firstKey: number, records: Bytes): void {
  const { shape, recordBytes } = size;
  for (let at = 0, key = firstKey; at < records.length; at += recordBytes, key++) {
    const slot = (rows[key * ARITY] ?? 0) * shape.buckets + (buckets[key] ?? 0);
    database.set(records.subarray(at, at + recordBytes), slot * recordBytes);
  }
}

/** Makes the three slots of every key sum to its record, when all are placed. @throws ERR_CANCELLED */
export async function assignAll(memory: IndexMemory, starts: Uint32Array, signal?: AbortSignal): Promise<void> {
  for (let bucket = 0; bucket < memory.size.shape.buckets; bucket++) {
    await pause(signal);
    memory.assign(bucket, starts[bucket] ?? 0, starts[bucket + 1] ?? 0);
  }
}
