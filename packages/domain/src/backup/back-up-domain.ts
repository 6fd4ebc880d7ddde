/** The backup of a domain, which may run meanwhile: nobody has to stop it, and it does not take part. The state is copied as
 *  of one moment, then the log, which is cut where that state explains it: state and log of a backup belong together. Sealed
 *  files are copied as they are. What changed too much while it was copied is copied again.
 *  @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  backupFault,
  copyHome,
  copyLog,
  copySealedKeys,
  readJournal,
  readLogHead,
  takeBackup,
  type BackupFacts,
  type BackUpOptions,
  type BackupWriter,
  type WrittenBackup,
} from "@sluice/evidence/backup";
import { logIdentity } from "@sluice/evidence";
import { readConfig, type DomainConfig } from "../config.ts";
import { dataKeySuites } from "../rest/data-keys.ts";
import { StateDatabase } from "../state/database.ts";
import { copyState, settle } from "./copy-state.ts";
import { explainedSize } from "./explained.ts";
import { namedFiles } from "./named-files.ts";

const STATE = "state.sqlite";

/** Backs up the domain of `directory`.
 *  @throws ERR_DIRECTORY_STATE, ERR_BACKUP, ERR_KEY when keys are asked for and plain, ERR_DIRECTORY_UNWRITABLE, ERR_CANCELLED */
export async function backUpDomain(directory: string, options: BackUpOptions): Promise<WrittenBackup> {
  const config = await readConfig(directory);
  if (!existsSync(join(directory, STATE)))
    throw backupFault(directory, "it was never started, and there is nothing in it");
  const of = { kind: "domain", origin: config.logOrigin } as const;
  return await takeBackup(directory, of, options, (writer) => copyOnce(writer, directory, config, options));
}

/** Copies everything; null when what was copied does not belong together. */
async function copyOnce(
  writer: BackupWriter,
  directory: string,
  config: DomainConfig,
  { clock, withKeys = false, signal }: BackUpOptions,
): Promise<BackupFacts | null> {
  const at = clock.now().toISOString();
  const { origin, ...identity } = logIdentity(config);
  const keysBefore = await dataKeyIds(directory);
  const head = await readLogHead(directory);
  const state = await writer.place(STATE);
  await copyState(join(directory, STATE), state, signal);
  const journal = await readJournal(directory, origin);
  const base = journal?.header.base ?? 0;
  const size = await explainedBy(state, {
    size: journal?.size ?? 0,
    entries: (from) => (from < base ? [] : (journal?.records.slice(from - base).map(({ entry }) => entry) ?? [])),
  });
  if (size > (journal?.size ?? 0)) throw backupFault(directory, "its state knows entries that its log does not have");
  if (size < base) return null;
  await writer.adopt(STATE);
  const checkpoint = await copyLog(writer, directory, { head, journal, size });
  await copyHome(writer, directory, (path) => path.startsWith(STATE));
  if (withKeys) await copySealedKeys(writer, directory);
  const dataKeys = await dataKeyIds(directory);
  // Files that the copied state names were there all the time, under keys that stayed.
  const named = namedFiles(join(directory, STATE));
  const gone = [...namedFiles(state)].some((name) => !named.has(name));
  if (gone || dataKeys.join() !== keysBefore.join()) return null;
  const keys = withKeys ? "sealed" : "none";
  return { kind: "domain", at, log: { origin, ...identity, size, checkpoint }, keys, dataKeys };
}

async function explainedBy(state: string, log: Parameters<typeof explainedSize>[1]): Promise<number> {
  const db = new StateDatabase(state);
  try {
    return await explainedSize(db, log);
  } finally {
    db.close();
    settle(state);
  }
}

async function dataKeyIds(directory: string): Promise<string[]> {
  return (await dataKeySuites(directory)).map(({ id }) => id);
}
