/** The copy of a log that is written to meanwhile. The checkpoint is read first, then whatever the caller copies, then the
 *  journal, then the rest: so the copy holds all that the checkpoint covers and all that the caller's copy can know of; tiles
 *  that it lacks follow from the journal.
 *  @module */
import { join } from "node:path";
import { concatBytes, fromUtf8, SluiceError, type Bytes } from "@sluice/protocol";
import { STORED_ENTRY_BYTES } from "../entry-tile.ts";
import { readerOf, readFileIfAny } from "../durable-files.ts";
import { decodeHeader, decodeRecord, encodeHeader, encodeRecords, RECORD_BYTES } from "../journal-format.ts";
import type { JournalHeader, JournalRecord } from "../journal-format.ts";
import { readTile } from "../log-files.ts";
import {
  CHECKPOINT_PATH,
  hashesAtLevel,
  levelCount,
  parseTilePath,
  tileOf,
  tilePath,
  TILE_WIDTH,
} from "../tile-path.ts";
import type { Tile } from "../tile-path.ts";
import { HASH_BYTES } from "../tree-hash.ts";
import { isPassing, walk } from "./walk.ts";
import type { BackupWriter } from "./writer.ts";

const LOG = "log";
const JOURNAL = "journal";

/** A log in the directory of a gateway or domain, seen at two moments. */
export interface LogHead {
  /** Bytes of the published checkpoint; null when there is none yet. */
  readonly checkpoint: Bytes | null;
}

/** The journal as it was read. */
export interface JournalCopy {
  readonly header: JournalHeader;
  readonly records: readonly JournalRecord[];
  /** Entries that the log had. */
  readonly size: number;
}

/** First: what the log has published. */
export async function readLogHead(home: string): Promise<LogHead> {
  return { checkpoint: await readFileIfAny(join(home, LOG, CHECKPOINT_PATH)) };
}

/** Then: the journal, as far as it is whole; null where no log was opened yet. @throws ERR_LOG */
export async function readJournal(home: string, origin: string): Promise<JournalCopy | null> {
  const bytes = await readFileIfAny(join(home, LOG, JOURNAL));
  if (bytes === null) return null;
  const head = decodeHeader(bytes);
  if (head?.header.origin !== origin) throw new SluiceError("ERR_LOG", { origin, reason: "the journal is damaged" });
  const records: JournalRecord[] = [];
  for (let end = head.end; ; end += RECORD_BYTES) {
    const record = decodeRecord(bytes.subarray(end, end + RECORD_BYTES));
    if (record?.index !== head.header.base + records.length) break;
    records.push(record);
  }
  return { header: head.header, records, size: head.header.base + records.length };
}

/** Last: writes the copy of the log's first `size` entries, at least as many as `head` and the journal's header cover.
 *  Whatever else lies in the directory of the log is copied as it is. @returns the checkpoint's text */
export async function copyLog(
  writer: BackupWriter,
  home: string,
  { head, journal, size }: { readonly head: LogHead; readonly journal: JournalCopy | null; readonly size: number },
): Promise<string | null> {
  if (journal !== null) {
    const records = journal.records.slice(0, size - journal.header.base);
    await writer.put(`${LOG}/${JOURNAL}`, concatBytes(encodeHeader(journal.header), encodeRecords(records)));
  }
  const skip = (path: string): boolean => [CHECKPOINT_PATH, JOURNAL].includes(path) || isPassing(path);
  for await (const { path } of walk(join(home, LOG), skip)) {
    const tile = parseTilePath(path);
    if (tile === null || isWholeIn(tile, size)) await writer.copy(join(home, LOG, path), `${LOG}/${path}`);
  }
  if (head.checkpoint === null) return null;
  const text = fromUtf8(head.checkpoint);
  await copyEdge(writer, home, Number(text.split("\n")[1]));
  await writer.put(`${LOG}/${CHECKPOINT_PATH}`, head.checkpoint);
  return text;
}

/** Whether a tile is full and of the first `size` entries: the others follow from the journal. */
function isWholeIn({ level, index, width }: Tile, size: number): boolean {
  return width === TILE_WIDTH && (index + 1) * TILE_WIDTH <= hashesAtLevel(level === "entries" ? 0 : level, size);
}

/** The last tiles of the checkpoint, as narrow as it needs them: wider ones may have taken their place since. */
async function copyEdge(writer: BackupWriter, home: string, size: number): Promise<void> {
  if (size === 0) return;
  const read = readerOf(join(home, LOG));
  for (const level of ["entries", ...Array(levelCount(size)).keys()] as const) {
    const tile = tileOf(level, hashesAtLevel(level === "entries" ? 0 : level, size) - 1, size);
    const full = `${LOG}/${tilePath({ ...tile, width: TILE_WIDTH })}`;
    if (tile.width === TILE_WIDTH || writer.has(full)) continue;
    const bytes = await readTile(read, tile);
    const lengthBytes = tile.width * (level === "entries" ? STORED_ENTRY_BYTES : HASH_BYTES);
    if (bytes !== null) await writer.put(`${LOG}/${tilePath(tile)}`, bytes.subarray(0, lengthBytes));
  }
}
