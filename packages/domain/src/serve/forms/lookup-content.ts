/** What the tables of a lookup product were built from, sealed in files of their own, so that a later build finds what has changed, and a
 *  compaction needs no rows of the source. Keys are kept as they are, since a deletion has to be evaluated under its key: in the
 *  base until the next full build, of deleted rows too.
 *  @module */
import { setImmediate as nextTurn } from "node:timers/promises";
import { packTable } from "@sluice/mpc/lookup/server";
import { ByteReader, fromUtf8, SluiceError, type Bytes } from "@sluice/protocol";

/** Code of a key that was deleted since the base was built. Labels have codes below the most of a vocabulary. */
export const DELETED_CODE = 255;
/** Longest key, by its prefix. */
const MAX_KEY = 2 ** 16 - 1;
/** Rows between two turns of the event loop. */
const BATCH_ROWS = 8_192;

/** Keys and their labels; `codes[i]` belongs to `keys[i]`. */
export interface LookupContent {
  readonly keys: readonly string[];
  readonly codes: Uint8Array;
}

// struct { uint32 count; uint8 codes[count]; struct { uint16 length; opaque key[length]; } keys[count]; } LookupContent;
/** Bytes of `content`. @throws ERR_OPRF_INPUT when a key cannot be one */
export function encodeContent({ keys, codes }: LookupContent): Bytes {
  const packed = packTable(
    keys,
    keys.map(() => new Uint8Array(0)),
  );
  const bytes = new Uint8Array(4 + codes.length + packed.keys.length);
  new DataView(bytes.buffer).setUint32(0, codes.length);
  bytes.set(codes, 4);
  bytes.set(packed.keys, 4 + codes.length);
  return bytes;
}

/** @throws ERR_FRAME_MALFORMED */
export async function decodeContent(bytes: Bytes, signal: AbortSignal): Promise<LookupContent> {
  const reader = new ByteReader(bytes);
  const codes = reader.fixed(reader.uint(4));
  const keys: string[] = [];
  for (let i = 0; i < codes.length; i++) {
    keys.push(fromUtf8(reader.opaque(MAX_KEY)));
    await turn(i, signal);
  }
  reader.end();
  return { keys, codes };
}

/** What makes `base` into `now`: labels of new and changed keys, and `DELETED_CODE` of those that are gone.
 *  @throws ERR_LOOKUP_TABLE when a key of `now` occurs more than once */
export async function changesBetween(
  base: LookupContent,
  now: LookupContent,
  signal: AbortSignal,
): Promise<LookupContent> {
  const left = new Map<string, number>();
  for (const [i, key] of base.keys.entries()) {
    left.set(key, base.codes[i] ?? DELETED_CODE);
    await turn(i, signal);
  }
  const seen = new Set<string>();
  const changed: [string, number][] = [];
  for (const [i, key] of now.keys.entries()) {
    if (seen.has(key)) throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "a key occurs more than once" });
    seen.add(key);
    const code = now.codes[i] ?? DELETED_CODE;
    if (left.get(key) !== code) changed.push([key, code]);
    left.delete(key);
    await turn(i, signal);
  }
  for (const key of left.keys()) changed.push([key, DELETED_CODE]);
  return contentOf(changed);
}

/** `base` after `changes`. */
export async function applyChanges(
  base: LookupContent,
  changes: LookupContent,
  signal: AbortSignal,
): Promise<LookupContent> {
  const rows = new Map<string, number>();
  for (const [i, key] of base.keys.entries()) {
    rows.set(key, base.codes[i] ?? DELETED_CODE);
    await turn(i, signal);
  }
  for (const [i, key] of changes.keys.entries()) {
    const code = changes.codes[i] ?? DELETED_CODE;
    if (code === DELETED_CODE) rows.delete(key);
    else rows.set(key, code);
  }
  return contentOf([...rows]);
}

function contentOf(rows: readonly (readonly [string, number])[]): LookupContent {
  return { keys: rows.map(([key]) => key), codes: Uint8Array.from(rows, ([, code]) => code) };
}

async function turn(row: number, signal: AbortSignal): Promise<void> {
  if (row % BATCH_ROWS !== BATCH_ROWS - 1) return;
  await nextTurn();
  if (signal.aborted) throw new SluiceError("ERR_CANCELLED");
}
