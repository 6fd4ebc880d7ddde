/** A domain from its backup. It refuses all work until a person has decided, whatever its witnesses know: what it acknowledged
 *  after the backup is not in it, so quotas and nonces would have a second life.
 *  @module */
import { join } from "node:path";
import { logIdentity } from "@sluice/evidence";
import {
  backupFault,
  restoreBackup,
  takeNewerLog,
  type BackupManifest,
  type RestoreOptions,
} from "@sluice/evidence/backup";
import { isSluiceError, type Clock } from "@sluice/protocol";
import { readConfig } from "../config.ts";
import { dataKeySuites } from "../rest/data-keys.ts";
import { StateDatabase } from "../state/database.ts";
import { RollbackStore } from "../state/rollback.ts";

/** How a domain is restored. */
export interface RestoreDomainOptions extends RestoreOptions {
  /** Folder with a newer copy of the log's public files, in the place of the log in the backup. */
  readonly log?: string | undefined;
  readonly clock: Clock;
}

/** What was restored. */
export interface RestoredDomain {
  readonly manifest: BackupManifest;
  /** Entries of its log. */
  readonly logSize: number;
}

/** Makes the domain of the backup in `folder`.
 *  @throws ERR_BACKUP, also when the keys do not open its files, or the log given is shorter or another; ERR_LOG when it does
 *  not verify; ERR_DIRECTORY_UNWRITABLE, ERR_CANCELLED */
export async function restoreDomain(folder: string, options: RestoreDomainOptions): Promise<RestoredDomain> {
  const { log: mirror, clock, signal } = options;
  let newer: number | undefined;
  const restored = await restoreBackup(folder, "domain", options, async (directory, manifest) => {
    const identity = logIdentity(await readConfig(directory));
    if (mirror !== undefined) newer = (await takeNewerLog(directory, { mirror, identity, clock, signal })).size;
    if (options.keys !== undefined || manifest.keys === "sealed") await checkKeys(folder, directory, manifest);
    const db = new StateDatabase(join(directory, "state.sqlite"));
    try {
      new RollbackStore(db).refuse(`it was restored from the backup of ${manifest.at}`);
    } finally {
      db.close();
    }
  });
  return { manifest: restored, logSize: newer ?? restored.log.size };
}

async function checkKeys(folder: string, directory: string, { dataKeys }: BackupManifest): Promise<void> {
  let held: string[];
  try {
    held = (await dataKeySuites(directory)).map(({ id }) => id);
  } catch (cause) {
    if (!isSluiceError(cause, "ERR_DIRECTORY_STATE")) throw cause;
    throw backupFault(folder, "the keys given for it are not those of a domain", cause);
  }
  const lacking = dataKeys.filter((id) => !held.includes(id));
  if (lacking.length > 0) throw backupFault(folder, `the keys given for it lack data key ${lacking.join(", ")}`);
}
