/** Shape of an index: how many buckets, how many rows. It depends on the padded number of records and the size
 *  of one only, so it tells a client nothing more.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { LWE_DIMENSION, MAX_COLUMNS, MAX_ROWS_PER_BUCKET } from "./lwe.ts";
import { ARITY, type FilterShape } from "./positions.ts";

/** Most records of one index. */
export const MAX_LOOKUP_ROWS = 4_000_000;
/** Fewest records an index is padded to. */
const MIN_PADDED_ROWS = 256;
/** A client is taken to ask this often under one snapshot: weighs the hint against queries. */
const QUERIES_PER_HINT = 256;
/** Deviations of the number of keys in a bucket that the filters have room for. */
const CAPACITY_DEVIATIONS = 3;
/** Graf and Lemire use 2.25 and 0.875. In buckets this small, segments twice as long and 3 % more slots bring the
 *  failures of a bucket, most of them two keys with the same three slots, below 0.6 % (simulated for 256 to 32,000
 *  keys), so that a seed fits all of 200 buckets about every second time. */
const SEGMENT_EXPONENT = 2.85;
const BASE_FACTOR = 0.905;

/** The number of records that an index of `count` records shows: the next multiple of an eighth of its power of two. */
export function padRows(count: number): number {
  const padded = Math.max(count, MIN_PADDED_ROWS);
  const step = 2 ** (Math.floor(Math.log2(padded)) - 3);
  return Math.ceil(padded / step) * step;
}

/** The shape that minimises query + answer + hint / 256 bytes.
 *  @throws ERR_LOOKUP_TABLE when no index of this size exists. */
export function chooseShape(count: number, recordBytes: number): FilterShape {
  const padded = padRows(count);
  // query ≈ 4.8 · rows / buckets; answer and share of the hint ≈ buckets · recordBytes · (4 + 4096 / 256).
  const perBucket = recordBytes * (4 + (4 * LWE_DIMENSION) / QUERIES_PER_HINT);
  const most = Math.floor(MAX_COLUMNS / recordBytes);
  for (let buckets = Math.max(1, Math.round(Math.sqrt((4.8 * padded) / perBucket))); buckets <= most; buckets *= 2) {
    const shape = { buckets, ...filterShape(padded / buckets) };
    if (shape.rowsPerBucket <= MAX_ROWS_PER_BUCKET) return shape;
  }
  throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "it has too many records for their size" });
}

/** Segment length and slots for a bucket of `mean` keys on average (Graf and Lemire, §4, arity 3, enlarged). */
function filterShape(mean: number): { segmentLength: number; rowsPerBucket: number } {
  const keys = Math.ceil(mean + CAPACITY_DEVIATIONS * Math.sqrt(mean));
  const segmentLength = 2 ** Math.floor(Math.log(keys) / Math.log(3.33) + SEGMENT_EXPONENT);
  const factor = BASE_FACTOR + (0.25 * Math.log(1_000_000)) / Math.log(keys);
  const segments = Math.max(ARITY, Math.ceil((keys * factor) / segmentLength));
  return { segmentLength, rowsPerBucket: segments * segmentLength };
}
