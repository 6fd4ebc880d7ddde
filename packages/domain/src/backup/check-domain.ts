/** Checking a domain's backup, offline and without keys: its files, its log, its state, and each against the other.
 *  @module */
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { commitment } from "@sluice/evidence";
import {
  backupFault,
  checkBackupFiles,
  checkBackupLog,
  checkNotedEntries,
  type CheckedBackup,
  type CheckOptions,
  type NotedEntry,
} from "@sluice/evidence/backup";
import { fromHex, SignedEvent, SignedReceipt } from "@sluice/protocol";
import { readConfig } from "../config.ts";
import { StateDatabase } from "../state/database.ts";
import { explainedSize } from "./explained.ts";
import { namedFiles } from "./named-files.ts";

/** Checks the backup in `folder`. @throws ERR_BACKUP, ERR_LOG naming what does not hold; ERR_CANCELLED */
export async function checkDomainBackup(folder: string, options: CheckOptions = {}): Promise<CheckedBackup> {
  const { manifest, sha256 } = await checkBackupFiles(folder, options);
  if (manifest.kind !== "domain") throw backupFault(folder, `it is of a ${manifest.kind}`);
  const { logOrigin, logKey } = await readConfig(folder);
  if (logOrigin !== manifest.log.origin || logKey !== manifest.log.logKey) {
    throw backupFault(folder, "its domain.json is of another log");
  }
  const log = await checkBackupLog(folder, manifest, options);
  checkIntegrity(folder);
  checkNamedFiles(folder, Object.keys(manifest.files));
  const db = new StateDatabase(join(folder, "state.sqlite"), { readOnly: true });
  try {
    const entries = await checkNotedEntries(folder, log, noted(db), options.signal);
    const explained = await explainedSize(db, log);
    if (explained !== log.size) throw backupFault(folder, "its state and its log do not explain each other");
    const receipts = Number(db.prepare("SELECT count(*) AS count FROM answer").get()?.["count"]);
    return { manifest, sha256, entries, receipts };
  } finally {
    db.close();
  }
}

function checkIntegrity(folder: string): void {
  try {
    const db = new DatabaseSync(join(folder, "state.sqlite"), { readOnly: true });
    try {
      if (db.prepare("PRAGMA integrity_check").get()?.["integrity_check"] === "ok") return;
    } finally {
      db.close();
    }
  } catch (cause) {
    throw backupFault(folder, "its state.sqlite is no database", cause);
  }
  throw backupFault(folder, "its state.sqlite is damaged");
}

/** What its products answer from, what those were built from, and whose rows they hold. */
function checkNamedFiles(folder: string, files: readonly string[]): void {
  const there = new Set(files.flatMap((path) => [path, dirname(path)]));
  for (const path of namedFiles(join(folder, "state.sqlite"))) {
    if (!there.has(path)) throw backupFault(folder, `its state names ${path}, which is not in it`);
  }
}

function* noted(db: StateDatabase): Generator<NotedEntry> {
  const rows = db
    .prepare(
      `SELECT 'receipt' AS kind, receipt AS document, salt, log_index FROM answer WHERE log_index IS NOT NULL
       UNION ALL SELECT 'event', document, salt, log_index FROM event WHERE log_index IS NOT NULL ORDER BY log_index`,
    )
    .iterate();
  for (const { kind, document, salt, log_index: index } of rows) {
    const value: unknown = JSON.parse(String(document));
    const signed = kind === "event" ? SignedEvent.parse(value) : SignedReceipt.parse(value);
    yield { index: Number(index), entry: commitment(signed, fromHex(String(salt))) };
  }
}
