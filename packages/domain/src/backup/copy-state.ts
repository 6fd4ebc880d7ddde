/** A copy of the state file as it is at one moment, whoever writes to it meanwhile: SQLite's online backup under one read
 *  transaction. The copy keeps no write-ahead log, so that it can be read where nothing may be written.
 *  @module */
import { chmod } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { SluiceError } from "@sluice/protocol";

/** Pages between two looks at the signal: 16 MiB. */
const PAGES_PER_STEP = 4_096;
const BUSY_TIMEOUT_MS = 10_000;
const OWNER_ONLY = 0o600;

/** Copies the state `file` to `target`. @throws ERR_CANCELLED, and SQLite's errors */
export async function copyState(file: string, target: string, signal: AbortSignal | undefined): Promise<void> {
  const source = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    source.exec("BEGIN");
    source.prepare("SELECT count(*) FROM sqlite_schema").get(); // from here on nothing changes for this connection
    await backup(source, target, {
      rate: PAGES_PER_STEP,
      progress: () => {
        if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
      },
    });
    await chmod(target, OWNER_ONLY);
  } catch (cause) {
    throw signal?.aborted === true ? new SluiceError("ERR_CANCELLED", {}, { cause }) : cause;
  } finally {
    source.close();
  }
}

/** Leaves `file` without a write-ahead log. */
export function settle(file: string): void {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA journal_mode = DELETE");
  } finally {
    database.close();
  }
}
