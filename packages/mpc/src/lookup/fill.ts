/** Fills the database of an index: random bytes everywhere, each record into its key's own slot, then the sums.
 *  The database has rowsPerBucket rows of buckets × recordBytes bytes.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { pause } from "../cancel.ts";
import type { Arrangement } from "./arrange.ts";
import { assignBucket } from "./filter.ts";
import { ARITY, type FilterShape } from "./positions.ts";

/** An index under construction. */
export interface Filling {
  readonly database: Bytes;
  readonly shape: FilterShape;
  readonly recordBytes: number;
  readonly arrangement: Arrangement;
}

/** Puts sealed records, one after another, into the own slots of the keys from number `firstKey`. */
export function placeRecords({ database, shape, recordBytes, arrangement }: Filling, firstKey: number, records: Bytes) {
  const { buckets, rows } = arrangement;
  for (let at = 0, key = firstKey; at < records.length; at += recordBytes, key++) {
    const slot = (rows[key * ARITY] ?? 0) * shape.buckets + (buckets[key] ?? 0);
    database.set(records.subarray(at, at + recordBytes), slot * recordBytes);
  }
}

/** Makes the three slots of every key sum to its record, when all are placed. @throws ERR_CANCELLED */
export async function assignAll(
  { database, shape, recordBytes, arrangement }: Filling,
  signal?: AbortSignal,
): Promise<void> {
  const { keys, rows, starts } = arrangement;
  const stride = shape.buckets * recordBytes;
  for (let bucket = 0; bucket < shape.buckets; bucket++) {
    await pause(signal);
    const layout = { first: bucket * recordBytes, stride, width: recordBytes };
    assignBucket(database, keys.subarray(starts[bucket], starts[bucket + 1]), rows, layout);
  }
}
