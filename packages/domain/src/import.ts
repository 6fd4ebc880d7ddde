/** Import of a table into a domain that is not running.
 *  @module */
import { randomBytes } from "node:crypto";
import type { KeyAccess } from "@sluice/evidence";
import type { Clock, Random, ResourceDescription } from "@sluice/protocol";
import type { ImportTableOptions } from "./data/import-request.ts";
import { keepQualityAfterImport } from "./keep-quality.ts";
import { EventStore } from "./state/events.ts";
import { QualityStore } from "./state/quality.ts";
import { openStopped } from "./stopped-domain.ts";

/** Imports a CSV or Parquet file as a resource of the domain in `directory`, and measures its quality where there are rules.
 *  @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES, ERR_TABLE_FILE, ERR_TABLE_ENCODING and the other table errors; nothing is half-written */
export async function importTable(
  directory: string,
  options: Omit<ImportTableOptions, "domain" | "onReady"> & {
    readonly memoryDirectory?: string | undefined;
    readonly keys?: KeyAccess | undefined;
  },
): Promise<ResourceDescription> {
  const clock: Clock = { now: () => new Date() };
  const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
  await using opened = await openStopped(directory, { ...options, clock, random });
  const { store, db, domain } = opened;
  const description = await store.importTable({
    ...options,
    domain,
    // The event is put down before the table takes its place: none is there without one. The next start signs and logs it.
    onReady: ({ snapshot }) => void new EventStore(db).put({ kind: "import", subject: snapshot }, clock.now()),
  });
  const quality = new QualityStore(db);
  await keepQualityAfterImport({ store, quality }, description.resource, clock.now());
  return quality.describe(description);
}
