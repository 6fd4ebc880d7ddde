/** A random database in the shape that an index of so many records has, in memory that threads share.
 *  @module */
import { randomBytes } from "node:crypto";
import { chooseShape } from "../../packages/mpc/src/lookup/geometry.ts";
import { TAG_BYTES } from "../../packages/mpc/src/lookup/derive.ts";
import {
  columnsOf,
  SharedDatabaseWriter,
  type DatabaseShape,
  type SharedDatabase,
} from "../../packages/mpc/src/lookup/shared-database.ts";

/** Threads that a database has room for. */
const THREADS = 2;
const PIECE_BYTES = 1_048_576;

/** What is scanned. */
export interface SyntheticDatabase {
  readonly records: number;
  readonly shape: DatabaseShape;
  readonly database: SharedDatabase;
}

/** Opens one. Pieces of a mebibyte repeat: no cache is so small, and no time depends on them. */
export function openSynthetic(records: number, payloadBytes: number): SyntheticDatabase {
  const recordBytes = payloadBytes + TAG_BYTES;
  const shape = { ...chooseShape(records, recordBytes), recordBytes };
  const writer = SharedDatabaseWriter.create("synthetic", shape, THREADS);
  if (writer === null) throw new Error("this engine has no kernels");
  const piece = new Uint8Array(randomBytes(PIECE_BYTES));
  const size = shape.rowsPerBucket * columnsOf(shape);
  for (let at = 0; at < size; at += PIECE_BYTES) writer.write(piece.subarray(0, size - at));
  return { records, shape, database: writer.finish() };
}

/** Random queries for it. */
export function randomQueries(shape: DatabaseShape, count: number): Uint32Array[] {
  return Array.from(
    { length: count },
    () => new Uint32Array(new Uint8Array(randomBytes(shape.rowsPerBucket * 4)).buffer),
  );
}
