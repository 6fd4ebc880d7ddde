/** The backup of a gateway, which may run meanwhile. The database is copied first, then the log: so the log has every entry
 *  that the database notes, and at its start the gateway finds in it, or appends, those that the database did not note yet.
 *  @module */
import { logIdentity } from "@sluice/evidence";
import {
  backupFault,
  copyHome,
  copyLog,
  copySealedKeys,
  readJournal,
  readLogHead,
  restoreBackup,
  takeBackup,
  type BackupFacts,
  type BackupManifest,
  type BackUpOptions,
  type BackupWriter,
  type RestoreOptions,
  type WrittenBackup,
} from "@sluice/evidence/backup";
import { notAGateway, readConfig, type GatewayConfig } from "../configuration.ts";
import { STATE_DIRECTORY } from "../state/open-state.ts";
import { copyCluster } from "./copy-cluster.ts";

/** Backs up the gateway of `directory`.
 *  @throws ERR_DIRECTORY_STATE, ERR_BACKUP, ERR_KEY when keys are asked for and plain, ERR_DIRECTORY_UNWRITABLE, ERR_CANCELLED */
export async function backUpGateway(directory: string, options: BackUpOptions): Promise<WrittenBackup> {
  const config = await readConfig(directory);
  if (config === null) throw notAGateway(directory, "a gateway");
  const of = { kind: "gateway", origin: config.logOrigin } as const;
  return await takeBackup(directory, of, options, (writer) => copyOnce(writer, directory, config, options));
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
  { clock, withKeys = false }: BackUpOptions,
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
