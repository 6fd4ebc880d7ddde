/** Import of a table into a domain that is not running.
 *  @module */
import { randomBytes } from "node:crypto";
import { lockDirectory } from "@sluice/evidence";
import type { ResourceDescription } from "@sluice/protocol";
import { readConfig } from "./config.ts";
import { openStore, type ImportTableOptions } from "./data/store.ts";

/** Imports a CSV or Parquet file as a resource of the domain in `directory`.
 *  @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_TABLE_FILE, ERR_TABLE_ENCODING and the other table errors; nothing is half-written */
export async function importTable(
  directory: string,
  options: Omit<ImportTableOptions, "domain">,
): Promise<ResourceDescription> {
  const config = await readConfig(directory);
  const lock = await lockDirectory(directory);
  try {
    const store = await openStore(directory, {
      clock: { now: () => new Date() },
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
    });
    try {
      return await store.importTable({ ...options, domain: config.domain });
    } finally {
      await store.close();
    }
  } finally {
    lock.release();
  }
}
