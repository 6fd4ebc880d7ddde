/** Inputs and results of the lookup worker's tasks, and where the worker lies.
 *  Keys and records cross as two flat byte strings that are handed over, not copied.
 *  @module */
import { SluiceError, utf8, type Bytes, type LookupParameters, type Sha256Hex } from "@sluice/protocol";
import { extname } from "node:path";
import type { BuiltIndex } from "./build-index.ts";
import { MAX_KEY_BYTES } from "./context.ts";

/** Worker file for `createTaskPool`: tasks `oprf.evaluate`, `pir.answer`, `lookup.build`. */
export const LOOKUP_WORKER = new URL(`./lookup-worker${extname(import.meta.url)}`, import.meta.url);

/** Key of one product and epoch. `seed` is secret; the worker wipes its copy. */
export interface OprfKeySource {
  readonly seed: Bytes;
  readonly info: Bytes;
}

/** Input of `oprf.evaluate`; the result is the EvaluateResponse frame. */
export interface EvaluateTask extends OprfKeySource {
  /** EvaluateRequest. */
  readonly frame: Bytes;
}

/** One table of a snapshot as the domain holds it. */
export interface AnswerPart {
  readonly parameters: LookupParameters;
  /** What `lookup.build` made. In shared memory it is not copied to the thread. */
  readonly database: Bytes;
}

/** Input of `pir.answer`; the result is the PirAnswer frame. */
export interface AnswerTask {
  /** In the order of `lookupTables`: base, then delta. */
  readonly parts: readonly AnswerPart[];
  /** Hash of the snapshot that is served from it. */
  readonly snapshot: Sha256Hex;
  /** PirQuery. */
  readonly frame: Bytes;
}

/** A table as one buffer. */
export interface PackedTable {
  /** struct { uint16 length; opaque key[length]; } × count. */
  readonly keys: Bytes;
  readonly records: Bytes;
  readonly count: number;
}

/** Result of `buildTable`: the index, and what a snapshot says about it. */
export interface BuildResult extends BuiltIndex {
  /** Hexadecimal. */
  readonly oprfPublicKey: Sha256Hex;
}

/** Packs keys and equally long records for the steps of a build. Transfer both buffers with the task.
 *  @throws ERR_LOOKUP_TABLE when they do not fit together; ERR_OPRF_INPUT when a key is too long or not well-formed. */
export function packTable(keys: readonly string[], records: readonly Bytes[]): PackedTable {
  const recordBytes = records[0]?.length ?? 0;
  if (keys.length !== records.length || records.some((record) => record.length !== recordBytes)) {
    throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "keys and records do not fit together" });
  }
  const encoded = keys.map((key) => {
    const bytes = utf8(key);
    if (bytes.length > MAX_KEY_BYTES || !key.isWellFormed()) {
      throw new SluiceError("ERR_OPRF_INPUT", { reason: `a key has 1 to ${MAX_KEY_BYTES} bytes of Unicode` });
    }
    return bytes;
  });
  return { keys: packKeys(encoded), records: packRecords(records, recordBytes), count: keys.length };
}

// Filled in place: millions of parts do not fit into the arguments of one call.
function packKeys(encoded: readonly Bytes[]): Bytes {
  const packed = new Uint8Array(encoded.reduce((sum, bytes) => sum + 2 + bytes.length, 0));
  let offset = 0;
  for (const bytes of encoded) {
    packed[offset] = bytes.length >> 8;
    packed[offset + 1] = bytes.length & 0xff;
    packed.set(bytes, offset + 2);
    offset += 2 + bytes.length;
  }
  return packed;
}

function packRecords(records: readonly Bytes[], recordBytes: number): Bytes {
  const packed = new Uint8Array(records.length * recordBytes);
  for (const [i, record] of records.entries()) packed.set(record, i * recordBytes);
  return packed;
}
