/** One process at a time in a directory. The operating system holds the lock and drops it when the process
 *  ends, however it ends: nothing is ever stolen, and no stale file keeps a directory closed.
 *  @module */
import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SluiceError } from "@sluice/protocol";

/** An empty SQLite file: SQLite's exclusive transaction is the portable file lock that Node has. A process
 *  that opens and closes this file by other means drops its own lock (POSIX), so nothing else touches it. */
const LOCK_FILE = "lock";
/** Tells people who holds the lock; decides nothing. */
const HOLDER_FILE = "lock.pid";
const SQLITE_BUSY = 5;

/** A held lock. */
export interface DirectoryLock {
  /** Lets the next process in. Doing it twice is harmless. */
  release(): void;
  [Symbol.dispose](): void;
}

/** Takes `directory` for this process, and creates it when it is missing.
 *  @throws ERR_DIRECTORY_LOCKED when any process, this one included, holds it; ERR_DIRECTORY_UNWRITABLE. */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  let path: string;
  try {
    await mkdir(directory, { recursive: true });
    // One name for one directory: SQLite tells locks of one process apart by path or inode.
    path = await realpath(directory);
  } catch (cause) {
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
  const database = await openExclusively(path, directory);
  try {
    await writeFile(join(path, HOLDER_FILE), String(process.pid));
  } catch (cause) {
    database.close();
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
  function release(): void {
    if (database.isOpen) database.close();
  }
  return { release, [Symbol.dispose]: release };
}

async function openExclusively(path: string, directory: string): Promise<DatabaseSync> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(path, LOCK_FILE), { timeout: 0 });
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY) {
      const holder = await readFile(join(path, HOLDER_FILE), "utf8").catch(() => "");
      const pid = /^[0-9]{1,10}$/.test(holder) ? holder : "unknown";
      throw new SluiceError("ERR_DIRECTORY_LOCKED", { directory, pid }, { cause });
    }
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
}
