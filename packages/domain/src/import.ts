/** Import of a table into a domain that is not running.
 *  @module */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { lockDirectory, type KeyAccess } from "@sluice/evidence";
import type { Random, ResourceDescription } from "@sluice/protocol";
import { readConfig } from "./config.ts";
import { StateDatabase } from "./state/database.ts";
import { EventStore } from "./state/events.ts";
import { openStore, type ImportTableOptions } from "./data/store.ts";
import { Keyring } from "./keyring.ts";
import { MemoryFiles } from "./rest/memory-files.ts";
import { openSealedFiles } from "./rest/open-files.ts";

/** Imports a CSV or Parquet file as a resource of the domain in `directory`.
 *  @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES, ERR_TABLE_FILE, ERR_TABLE_ENCODING and the other table errors; nothing is half-written */
export async function importTable(
  directory: string,
  options: Omit<ImportTableOptions, "domain" | "onReady"> & {
    readonly memoryDirectory?: string | undefined;
    readonly keys?: KeyAccess | undefined;
  },
): Promise<ResourceDescription> {
  const config = await readConfig(directory);
  const lock = await lockDirectory(directory);
  try {
    const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
    const store = await openStore({
      clock: { now: () => new Date() },
      random,
      files: await openSealedFiles({
        directory,
        config,
        keyring: await Keyring.open(directory, config, options.keys),
        random,
      }),
      memory: await MemoryFiles.open(options.memoryDirectory),
    });
    try {
      return await store.importTable({
        ...options,
        domain: config.domain,
        onReady: (resource) => noteImport(directory, resource),
      });
    } finally {
      await store.close();
    }
  } finally {
    lock.release();
  }
}

/** Puts the event down, before the table takes its place: none is there without one. The next start of the domain signs and logs it. */
function noteImport(directory: string, { snapshot }: ResourceDescription): void {
  const db = new StateDatabase(join(directory, "state.sqlite"));
  try {
    new EventStore(db).put({ kind: "import", subject: snapshot }, new Date());
  } finally {
    db.close();
  }
}
