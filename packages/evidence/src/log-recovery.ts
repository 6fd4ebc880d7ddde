/** Opening a log: what its private files hold must lead to what it had published, or it is refused.
 *  @module */
import { join, resolve } from "node:path";
import { equalBytes, fromUtf8, LogOrigin, SluiceError, utf8, type Checkpoint } from "@sluice/protocol";
import { lockDirectory } from "./directory-lock.ts";
import { readerOf, replaceFileDurably } from "./durable-files.ts";
import { Journal } from "./journal.ts";
import type { JournalRecord } from "./journal-format.ts";
import { readCheckpoint } from "./log-files.ts";
import type { LogOptions } from "./log-options.ts";
import { LogTiles } from "./log-tiles.ts";
import { LogWriter } from "./log-writer.ts";
import { readPruned, signPruned } from "./pruned-note.ts";
import { RetentionIndex } from "./retention-index.ts";
import { sm2LineOf } from "./signed-note-sm2.ts";
import { CHECKPOINT_PATH, PRUNED_PATH, TILE_WIDTH } from "./tile-path.ts";
import { rootOf } from "./tile-proof.ts";

const JOURNAL_FILE = "journal";
const RETENTION_FILE = "retention";

/** A log that is open. */
export type RecoveredLog = {
  readonly directory: string;
  readonly tiles: LogTiles;
  readonly writer: LogWriter;
  readonly retention: RetentionIndex;
  /** Index of the first entry that is kept. */
  readonly firstKept: number;
  close(): Promise<void>;
};

/** Opens the log in `directory`, or begins one there; see `openLog`. */
export async function recoverLog(directory: string, options: LogOptions): Promise<RecoveredLog> {
  const { origin } = options;
  if (!LogOrigin.safeParse(origin).success) {
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/origin", expected: "a log origin" });
  }
  const lock = await lockDirectory(directory);
  let journal: Journal | undefined;
  let retention: RetentionIndex | undefined;
  try {
    const path = resolve(directory);
    const opened = await openJournal(path, options);
    const { header, records } = opened;
    ({ journal } = opened);
    const tiles = new LogTiles(path, origin, header.base, header.openTiles);
    for (const { entry } of records) tiles.append(entry);
    // What was published is left as it is until the journal is known to be of the same log: it would be the proof.
    const published = await checkPublished(path, options, tiles);
    const firstKept = await firstKeptOf(path, options);
    const complete = { tiles: header.base / TILE_WIDTH, atMs: header.atMs };
    retention = await RetentionIndex.open(join(path, RETENTION_FILE), origin, complete);
    tiles.writeFull();
    const lastAtMs = records.at(-1)?.atMs ?? header.atMs;
    const state = { directory: path, journal, retention, tiles, lastAtMs, published };
    const writer = new LogWriter(options, {
      ...state,
      records,
      completeAtMs: completionTimes(records),
    });
    await writer.publish();
    const [index, close] = [retention, () => writer.close()];
    return {
      directory: path,
      tiles,
      writer,
      retention,
      firstKept,
      async close() {
        try {
          await close();
        } finally {
          await index.close();
          lock.release();
        }
      },
    };
  } catch (error) {
    await journal?.close();
    await retention?.close();
    lock.release();
    throw error;
  }
}

/** When each tile that these records complete was complete. */
function completionTimes(records: readonly JournalRecord[]): number[] {
  return records.filter(({ index }) => index % TILE_WIDTH === TILE_WIDTH - 1).map(({ atMs }) => atMs);
}

async function openJournal(directory: string, { origin, key }: LogOptions) {
  const path = join(directory, JOURNAL_FILE);
  const found = await Journal.open(path, origin);
  if (found !== null) {
    if (found.header.origin === origin && found.header.keyId === key.keyId) return found;
    await found.journal.close();
    throw new SluiceError("ERR_LOG", { origin, reason: "the directory is of another log or key" });
  }
  if ((await readerOf(directory)(CHECKPOINT_PATH)) !== null) {
    throw new SluiceError("ERR_LOG", { origin, reason: "the journal is missing" });
  }
  const header = { origin, keyId: key.keyId, base: 0, atMs: 0, openTiles: [] };
  return { header, records: [], journal: await Journal.create(path, header, []) };
}

/** Index of the first entry that is kept. A note from before the log had an SM2 key gets its line. @throws ERR_LOG */
async function firstKeptOf(directory: string, { origin, key, sm2Key }: LogOptions): Promise<number> {
  const read = readerOf(directory);
  const logKey = key.keyId;
  const pruned = await readPruned(read, { origin, logKey });
  if (pruned === null) return 0;
  const note = await read(PRUNED_PATH);
  if (sm2Key !== undefined && note !== null) {
    if ((await sm2LineOf(fromUtf8(note), origin, sm2Key.keyId)) === "none") {
      await replaceFileDurably(join(directory, PRUNED_PATH), utf8(await signPruned(origin, pruned, key, sm2Key)));
    } else await readPruned(read, { origin, logKey, logSm2Key: sm2Key.keyId });
  }
  return pruned.firstKept;
}

/** What was recovered must hold what had been published. @returns that checkpoint, or null */
async function checkPublished(
  directory: string,
  { origin, key, sm2Key }: LogOptions,
  tiles: LogTiles,
): Promise<Checkpoint | null> {
  const read = readerOf(directory);
  if ((await read(CHECKPOINT_PATH)) === null) return null;
  const published = await readCheckpoint(read, { origin, logKey: key.keyId });
  // A log that has an SM2 key for the first time published without its line.
  if (sm2Key !== undefined && (await sm2LineOf(published.text, origin, sm2Key.keyId)) === "invalid") {
    throw new SluiceError("ERR_LOG", { origin, reason: "the SM2 line of the published checkpoint is not valid" });
  }
  if (published.size > tiles.size) {
    throw new SluiceError("ERR_LOG", { origin, reason: "the journal lacks entries of the published checkpoint" });
  }
  if (!equalBytes(await rootOf(tiles.subtree, published.size), published.rootHash)) {
    throw new SluiceError("ERR_LOG", { origin, reason: "the published checkpoint is of another tree" });
  }
  return published;
}
