/** Import of a table into a domain that is not running.
 *  @module */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { lockDirectory, type KeyAccess } from "@sluice/evidence";
import type { Random, ResourceDescription } from "@sluice/protocol";
import { readConfig } from "./config.ts";
import { StateDatabase } from "./state/database.ts";
import { EventStore } from "./state/events.ts";
import { decisionsOf } from "./state/field-decisions.ts";
import { QualityStore } from "./state/quality.ts";
import { openStore, type ImportTableOptions } from "./data/store.ts";
import { keepQualityAfterImport } from "./keep-quality.ts";
import { Keyring } from "./keyring.ts";
import { MemoryFiles } from "./rest/memory-files.ts";
import { openSealedFiles } from "./rest/open-files.ts";

/** Imports a CSV or Parquet file as a resource of the domain in `directory`, and measures its quality where there are rules.
 *  @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES, ERR_TABLE_FILE, ERR_TABLE_ENCODING and the other table errors; nothing is half-written */
export async function importTable(
  directory: string,
  options: Omit<ImportTableOptions, "domain" | "onReady"> & {
    readonly memoryDirectory?: string | undefined;
    readonly keys?: KeyAccess | undefined;
  },
): Promise<ResourceDescription> {
  const config = await readConfig(directory);
  await using opened = new AsyncDisposableStack();
  const lock = await lockDirectory(directory);
  opened.defer(() => lock.release());
  const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
  const keyring = await Keyring.open(directory, config, options.keys);
  const db = new StateDatabase(join(directory, "state.sqlite"));
  opened.defer(() => db.close());
  const store = await openStore({
    clock: { now: () => new Date() },
    random,
    decided: decisionsOf(db),
    files: await openSealedFiles({ directory, config, keyring, random }),
    memory: await MemoryFiles.open(options.memoryDirectory),
  });
  opened.defer(() => store.close());
  const description = await store.importTable({
    ...options,
    domain: config.domain,
    // The event is put down before the table takes its place: none is there without one. The next start signs and logs it.
    onReady: ({ snapshot }) => void new EventStore(db).put({ kind: "import", subject: snapshot }, new Date()),
  });
  const quality = new QualityStore(db);
  await keepQualityAfterImport({ store, quality }, description.resource, new Date());
  return quality.describe(description);
}
