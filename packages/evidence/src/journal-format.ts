/** Bytes of a log's journal: a header with the tree up to a base, then one record for each entry after it.
 *  Records are what `append` makes durable; tiles follow from them.
 *  @module */
import { crc32 } from "node:zlib";
import { ByteReader, ByteWriter, concatBytes, fromUtf8, isSluiceError, utf8, type Bytes } from "@sluice/protocol";
import { ENTRY_BYTES } from "./entry-tile.ts";
import { TILE_WIDTH } from "./tile-path.ts";
import { HASH_BYTES } from "./tree-hash.ts";

const MAGIC = utf8("sluice-journal/1");
const CRC_BYTES = 4;

/** The state before the first record. */
export type JournalHeader = {
  readonly origin: string;
  /** Public key that signs this log's checkpoints. */
  readonly keyId: string;
  /** Entries that lie in full tiles on disk; a multiple of 256. */
  readonly base: number;
  /** Time of the newest entry before `base`, in milliseconds since 1970. */
  readonly atMs: number;
  /** Open tiles of levels 1, 2, … at `base`. */
  readonly openTiles: readonly Bytes[];
};

// struct { uint64 value; }
function uint64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function readUint64(reader: ByteReader): number {
  return reader.uint(4) * 2 ** 32 + reader.uint(4);
}

// struct {
//   opaque magic[16]; uint32 bodyLength;
//   struct { opaque origin<0..255>; opaque keyId<0..255>; uint64 base; uint64 atMs;
//            uint8 levels; { opaque hashes<0..2^16-1>; } openTiles[levels]; } body;
//   uint32 crc32 of all bytes before it;
// } JournalHeader;
/** Bytes of a header. */
export function encodeHeader(header: JournalHeader): Bytes {
  const body = new ByteWriter()
    .opaque(utf8(header.origin), 255)
    .opaque(utf8(header.keyId), 255)
    .fixed(uint64(header.base))
    .fixed(uint64(header.atMs))
    .uint(header.openTiles.length, 1);
  for (const hashes of header.openTiles) body.opaque(hashes, 65_535);
  const bytes = body.finish();
  const before = concatBytes(MAGIC, new ByteWriter().uint(bytes.length, 4).finish(), bytes);
  return concatBytes(before, new ByteWriter().uint(crc32(before), 4).finish());
}

/** The header at the front of `bytes`, and where the first record begins; null when it is not whole. */
export function decodeHeader(bytes: Bytes): { header: JournalHeader; end: number } | null {
  try {
    const outer = new ByteReader(bytes);
    if (crc32(outer.fixed(MAGIC.length)) !== crc32(MAGIC)) return null;
    const bodyLength = outer.uint(4);
    const body = new ByteReader(outer.fixed(bodyLength));
    const checked = MAGIC.length + CRC_BYTES + bodyLength;
    if (outer.uint(4) !== crc32(bytes.subarray(0, checked))) return null;
    const origin = fromUtf8(body.opaque(255));
    const keyId = fromUtf8(body.opaque(255));
    const base = readUint64(body);
    const atMs = readUint64(body);
    const openTiles: Bytes[] = [];
    for (let levels = body.uint(1); levels > 0; levels--) openTiles.push(body.opaque(65_535).slice());
    body.end();
    const whole = openTiles.every(({ length }) => length % HASH_BYTES === 0 && length < TILE_WIDTH * HASH_BYTES);
    if (!whole || base % TILE_WIDTH !== 0) return null;
    return { header: { origin, keyId, base, atMs, openTiles }, end: checked + CRC_BYTES };
  } catch (error) {
    if (error instanceof TypeError || isSluiceError(error)) return null;
    throw error;
  }
}

/** One entry in the journal. */
export type JournalRecord = {
  readonly index: number;
  /** Entries that were durable before this record was written. */
  readonly durable: number;
  readonly atMs: number;
  readonly entry: Bytes;
};

/** Bytes of one record. */
export const RECORD_BYTES = 8 + 8 + 8 + ENTRY_BYTES + CRC_BYTES;

// struct { uint64 index; uint64 durable; uint64 atMs; opaque entry[32]; uint32 crc32; } JournalRecord;
/** Bytes of records, end to end: one piece of memory for a batch. */
export function encodeRecords(records: readonly JournalRecord[]): Bytes {
  const bytes = new Uint8Array(records.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const { index, durable, atMs, entry } of records) {
    setUint64(view, offset, index);
    setUint64(view, offset + 8, durable);
    setUint64(view, offset + 16, atMs);
    bytes.set(entry, offset + 24);
    const checked = offset + RECORD_BYTES - CRC_BYTES;
    view.setUint32(checked, crc32(bytes.subarray(offset, checked)));
    offset += RECORD_BYTES;
  }
  return bytes;
}

/** Without a `bigint`: a batch has thousands of them. */
function setUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / 2 ** 32));
  view.setUint32(offset + 4, value % 2 ** 32);
}

/** The record that exactly fills `bytes`; null when its check does not fit. */
export function decodeRecord(bytes: Bytes): JournalRecord | null {
  if (bytes.length !== RECORD_BYTES) return null;
  const reader = new ByteReader(bytes);
  const index = readUint64(reader);
  const durable = readUint64(reader);
  const atMs = readUint64(reader);
  const entry = reader.fixed(ENTRY_BYTES).slice();
  if (reader.uint(4) !== crc32(bytes.subarray(0, RECORD_BYTES - CRC_BYTES))) return null;
  return Number.isSafeInteger(index) && durable <= index ? { index, durable, atMs, entry } : null;
}
