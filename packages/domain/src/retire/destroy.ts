/** Taking away what a domain that goes out of use must not keep: its keys first, so that everything under them is gone at once,
 *  then the files themselves.
 *  @module */
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFile } from "@sluice/evidence";
import { findSealed } from "../rest/find-sealed.ts";
import type { StateDatabase } from "../state/database.ts";

/** Folders that hold nothing but data. */
const DATA_FOLDERS = ["data", "indexes", "contents", "builds", "memberships", "register", "reports"] as const;

/** What the document of a run loses. */
const OF_RUNS = "'$.model', '$.metrics', '$.log', '$.receipt.openings'";

/** Overwrites every key file with zeros and removes it. What the disk keeps of it by itself is out of reach. */
export async function destroyKeys(directory: string): Promise<void> {
  const keys = join(directory, "keys");
  const entries = await readdir(keys, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    await using file = await open(join(entry.parentPath, entry.name), "r+");
    const { size } = await file.stat();
    await file.writeFile(new Uint8Array(size));
    await file.sync();
  }
  await rm(keys, { recursive: true, force: true });
  await syncFile(directory);
}

/** Removes every table, index and other sealed file. */
export async function removeData(directory: string): Promise<void> {
  for (const folder of DATA_FOLDERS) await rm(join(directory, folder), { recursive: true, force: true });
  for await (const { name } of findSealed(directory)) await rm(join(directory, name), { force: true });
  await syncFile(directory);
}

/** Empties the state of what a retired domain has no use for: kept answers, bundles, models, what runs released and logged,
 *  salts of persons, who asked. */
export function emptyState(db: StateDatabase): void {
  db.transaction(() => {
    db.prepare("UPDATE answer SET frame = NULL, openings = '{}'").run();
    db.prepare(`UPDATE run SET request = 'null', document = json_remove(document, ${OF_RUNS})`).run();
    db.prepare("UPDATE spend SET binding = ''").run();
    for (const table of ["bundle", "model", "nonce", "subject_request"]) db.prepare(`DELETE FROM ${table}`).run();
  });
  db.rewrite();
}
