/** The backup of a gateway, which may run meanwhile. The database is copied first, then the log: so the log has every entry
 *  that the database notes, and at its start the gateway finds in it, or appends, those that the database did not note yet.
 *  @module */
import { logIdentity } from "@sluice/evidence";
import {
  backupFault,
  BackupWriter,
  copyHome,
  copyLog,
  copySealedKeys,
  readJournal,
  readLogHead,
  restoreBackup,
  type BackupFacts,
  type BackupManifest,
  type BackupOptions,
  type RestoreOptions,
  type WrittenBackup,
} from "@sluice/evidence/backup";
import type { Clock } from "@sluice/protocol";
import { notAGateway, readConfig, type GatewayConfig } from "../configuration.ts";
import { STATE_DIRECTORY } from "../state/open-state.ts";
import { copyCluster } from "./copy-cluster.ts";

/** Copies of a database that checkpoints before it is given up. */
const MAX_ATTEMPTS = 5;

/** How a gateway is backed up. */
export interface BackUpGatewayOptions extends BackupOptions {
  /** Folder of the backup; it must not be there yet. */
  readonly out: string;
  /** Whether its keys, sealed under their passphrase, are in it. */
  readonly withKeys?: boolean;
  readonly clock: Clock;
}

/** Backs up the gateway of `directory`.
 *  @throws ERR_DIRECTORY_STATE, ERR_BACKUP, ERR_KEY when keys are asked for and plain, ERR_DIRECTORY_UNWRITABLE, ERR_CANCELLED */
export async function backUpGateway(directory: string, options: BackUpGatewayOptions): Promise<WrittenBackup> {
  const config = await readConfig(directory);
  if (config === null) throw notAGateway(directory, "a gateway");
  const writer = await BackupWriter.create(options.out, { kind: "gateway", origin: config.logOrigin }, options);
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const facts = await copyOnce(writer, directory, config, options);
      if (facts !== null) return await writer.finish(facts);
      await writer.clear();
    }
    throw backupFault(directory, "it changes faster than it can be copied");
  } finally {
    await writer.discard();
  }
}

/** Makes the gateway of the backup in `folder`. @throws ERR_BACKUP, ERR_DIRECTORY_UNWRITABLE, ERR_CANCELLED */
export async function restoreGateway(folder: string, options: RestoreOptions): Promise<BackupManifest> {
  return await restoreBackup(folder, "gateway", options, async (directory) => {
    if ((await readConfig(directory)) === null) throw backupFault(folder, "it has no config.json");
  });
}

async function copyOnce(
  writer: BackupWriter,
  directory: string,
  config: GatewayConfig,
  { clock, withKeys = false }: BackUpGatewayOptions,
): Promise<BackupFacts | null> {
  const at = clock.now().toISOString();
  const { origin, ...identity } = logIdentity(config);
  const head = await readLogHead(directory);
  if (!(await copyCluster(writer, directory))) return null;
  const journal = await readJournal(directory, origin);
  const size = journal?.size ?? 0;
  const checkpoint = await copyLog(writer, directory, { head, journal, size });
  await copyHome(writer, directory, (path) => [STATE_DIRECTORY, `${STATE_DIRECTORY}.new`].includes(path));
  if (withKeys) await copySealedKeys(writer, directory);
  const keys = withKeys ? "sealed" : "none";
  return { kind: "gateway", at, log: { origin, ...identity, size, checkpoint }, keys, dataKeys: [] };
}
