/** Entries of a log and the tiles that hold them. An entry is a 32-byte commitment, never a document.
 *  @module */
import { equalBytes, type Bytes } from "@sluice/protocol";

/** Bytes of one entry. */
export const ENTRY_BYTES = 32;
const PREFIX_BYTES = 2;
/** Bytes of one entry in a tile. */
export const STORED_ENTRY_BYTES = PREFIX_BYTES + ENTRY_BYTES;

// struct { opaque entry<0..2^16-1>; } LogEntry;  an entry tile is 1 to 256 of them (C2SP tlog-tiles)
/** Bytes of the entry tile over `entries`, which lie end to end. */
export function encodeEntryTile(entries: Bytes): Bytes {
  const count = entries.length / ENTRY_BYTES;
  const tile = new Uint8Array(count * STORED_ENTRY_BYTES);
  for (let i = 0; i < count; i++) {
    tile[i * STORED_ENTRY_BYTES + 1] = ENTRY_BYTES;
    tile.set(entries.subarray(i * ENTRY_BYTES, (i + 1) * ENTRY_BYTES), i * STORED_ENTRY_BYTES + PREFIX_BYTES);
  }
  return tile;
}

/** The first `width` entries of a tile; `null` when it holds fewer, or anything but 32-byte entries. */
export function decodeEntryTile(tile: Bytes, width: number): Bytes[] | null {
  if (tile.length < width * STORED_ENTRY_BYTES || tile.length % STORED_ENTRY_BYTES !== 0) return null;
  const entries: Bytes[] = [];
  for (let offset = 0; entries.length < width; offset += STORED_ENTRY_BYTES) {
    if (!equalBytes(tile.subarray(offset, offset + PREFIX_BYTES), Uint8Array.of(0, ENTRY_BYTES))) return null;
    entries.push(tile.subarray(offset + PREFIX_BYTES, offset + STORED_ENTRY_BYTES));
  }
  return entries;
}
