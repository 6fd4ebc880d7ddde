/** What the tables of a lookup product were built from, sealed in files of their own, so that a later build finds what has changed, and a
 *  compaction needs no rows of the source. Keys are kept as they are, since a deletion has to be evaluated under its key: in the
 *  base until the next full build, of deleted rows too. In memory they are bytes, and files are written piece by piece.
 *  @module */
import { isUtf8 } from "node:buffer";
import { MAX_KEY_BYTES, type PackedTable } from "@sluice/mpc/lookup/server";
import {
  ByteReader,
  encodeDeletedRecord,
  encodeLabelRecord,
  encodeLookupRecord,
  LABEL_RECORD_BYTES,
  RECORD_STATE_BYTES,
  SluiceError,
  type Bytes,
} from "@sluice/protocol";
import { type KeyColumn, KeyColumnBuilder, turnAfter } from "../../data/key-column.ts";
import { KeyIndex } from "../../data/key-index.ts";

/** Code of a key that was deleted since the base was built. Labels have codes below the most of a vocabulary. */
export const DELETED_CODE = 255;
/** Bytes of a record before it is sealed. */
export const PAYLOAD_BYTES = RECORD_STATE_BYTES + LABEL_RECORD_BYTES;
/** Bytes of the length before a key. */
const PREFIX_BYTES = 2;
/** Longest key, by its prefix. */
const MAX_PREFIXED = 2 ** (8 * PREFIX_BYTES) - 1;
/** Rows of one piece of a file. */
const PIECE_ROWS = 8_192;

/** Keys and their labels; `codes[i]` belongs to key i. */
export interface LookupContent {
  readonly keys: KeyColumn;
  readonly codes: Uint8Array;
}

// struct { uint32 count; uint8 codes[count]; struct { uint16 length; opaque key[length]; } keys[count]; } LookupContent;
/** Bytes of `content`, piece by piece. @throws ERR_OPRF_INPUT when a key cannot be one; ERR_CANCELLED */
export async function* encodeContent(content: LookupContent, signal: AbortSignal): AsyncGenerator<Bytes> {
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, content.codes.length);
  yield count;
  yield content.codes;
  for (let from = 0; from < content.keys.length; from += PIECE_ROWS) {
    const to = Math.min(from + PIECE_ROWS, content.keys.length);
    await turnAfter(to - 1, signal);
    yield packKeys(content.keys, from, to);
  }
}

/** @throws ERR_FRAME_MALFORMED, ERR_CANCELLED */
export async function decodeContent(bytes: Bytes, signal: AbortSignal): Promise<LookupContent> {
  const reader = new ByteReader(bytes);
  const codes = reader.fixed(reader.uint(4)).slice();
  const keys = new KeyColumnBuilder();
  for (let i = 0; i < codes.length; i++) {
    const key = reader.opaque(MAX_PREFIXED);
    if (!isUtf8(key)) throw new SluiceError("ERR_FRAME_MALFORMED", { field: "key", expected: "UTF-8" });
    keys.addBytes(key);
    await turnAfter(i, signal);
  }
  reader.end();
  return { keys: keys.finish(), codes };
}

/** Rows `from` … `to - 1` of `content` as a build takes them. @throws ERR_OPRF_INPUT when a key is too long to be one */
export function packContent({ keys, codes }: LookupContent, from: number, to: number): PackedTable {
  const records = new Uint8Array((to - from) * PAYLOAD_BYTES);
  const known = new Map<number, Bytes>();
  for (let row = from; row < to; row++) {
    const code = codes[row] ?? DELETED_CODE;
    const record = known.get(code) ?? recordOf(code);
    known.set(code, record);
    records.set(record, (row - from) * PAYLOAD_BYTES);
  }
  return { keys: packKeys(keys, from, to), records, count: to - from };
}

/** What makes `base` into `now`: labels of new and changed keys, and `DELETED_CODE` of those that are gone.
 *  @throws ERR_LOOKUP_TABLE when a key of `now` occurs more than once; ERR_CANCELLED */
export async function changesBetween(
  base: LookupContent,
  now: LookupContent,
  signal: AbortSignal,
): Promise<LookupContent> {
  const present = await KeyIndex.of(now.keys, signal, (row, first) => {
    if (row !== first) throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "a key occurs more than once" });
  });
  const same = new Uint8Array(now.keys.length);
  const changes = new ContentBuilder();
  for (let row = 0; row < base.keys.length; row++) {
    const at = present.find(base.keys, row);
    if (at === null) changes.add(base.keys, row, DELETED_CODE);
    else if (base.codes[row] === now.codes[at]) same[at] = 1;
    await turnAfter(row, signal);
  }
  for (let row = 0; row < now.keys.length; row++) {
    if (same[row] === 0) changes.add(now.keys, row, now.codes[row]);
    await turnAfter(row, signal);
  }
  return changes.finish();
}

/** `base` after `changes`. @throws ERR_CANCELLED */
export async function applyChanges(
  base: LookupContent,
  changes: LookupContent,
  signal: AbortSignal,
): Promise<LookupContent> {
  const changed = await KeyIndex.of(changes.keys, signal);
  const rows = new ContentBuilder();
  for (let row = 0; row < base.keys.length; row++) {
    if (changed.find(base.keys, row) === null) rows.add(base.keys, row, base.codes[row]);
    await turnAfter(row, signal);
  }
  for (let row = 0; row < changes.keys.length; row++) {
    if (changes.codes[row] !== DELETED_CODE) rows.add(changes.keys, row, changes.codes[row]);
    await turnAfter(row, signal);
  }
  return rows.finish();
}

class ContentBuilder {
  readonly #keys = new KeyColumnBuilder();
  #codes = new Uint8Array(PIECE_ROWS);
  #rows = 0;

  /** Adds the key of row `row` of `keys`. */
  add(keys: KeyColumn, row: number, code = DELETED_CODE): void {
    if (this.#rows === this.#codes.length) {
      const grown = new Uint8Array(2 * this.#rows);
      grown.set(this.#codes);
      this.#codes = grown;
    }
    this.#keys.addBytes(keys.bytes(row));
    this.#codes[this.#rows++] = code;
  }

  finish(): LookupContent {
    return { keys: this.#keys.finish(), codes: this.#codes.slice(0, this.#rows) };
  }
}

function packKeys(keys: KeyColumn, from: number, to: number): Bytes {
  let size = 0;
  for (let row = from; row < to; row++) {
    const { length } = keys.bytes(row);
    if (length > MAX_KEY_BYTES) {
      throw new SluiceError("ERR_OPRF_INPUT", { reason: `a key has 1 to ${MAX_KEY_BYTES} bytes` });
    }
    size += PREFIX_BYTES + length;
  }
  const packed = new Uint8Array(size);
  let at = 0;
  for (let row = from; row < to; row++) {
    const key = keys.bytes(row);
    packed[at] = key.length >> 8;
    packed[at + 1] = key.length & 0xff;
    packed.set(key, at + PREFIX_BYTES);
    at += PREFIX_BYTES + key.length;
  }
  return packed;
}

function recordOf(code: number): Bytes {
  return code === DELETED_CODE ? encodeDeletedRecord(LABEL_RECORD_BYTES) : encodeLookupRecord(encodeLabelRecord(code));
}
