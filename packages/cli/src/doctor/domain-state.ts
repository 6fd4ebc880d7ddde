/** The state of a domain, read beside a process that may have it.
 *  @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

/** What `work` reads from the state in `directory`; undefined when there is none, or none that it can read. */
export function readState<T>(directory: string, work: (state: DatabaseSync) => T): T | undefined {
  const file = join(directory, "state.sqlite");
  if (!existsSync(file)) return undefined;
  const url = pathToFileURL(file);
  // Without a write-ahead log nobody writes; reading then leaves no file behind.
  if (!existsSync(`${file}-wal`)) url.searchParams.set("immutable", "1");
  try {
    const database = new DatabaseSync(url, { readOnly: true });
    try {
      return work(database);
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}
