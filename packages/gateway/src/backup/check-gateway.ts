/** Checking a gateway's backup, offline and without keys: its files, its log, and the receipts of its database against the
 *  log. The database is opened as a copy: opening recovers it.
 *  @module */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
import { fromHex, SignedReceipt } from "@sluice/protocol";
import type { Kysely } from "kysely";
import { openState, STATE_DIRECTORY } from "../state/open-state.ts";
import type { Tables } from "../state/tables.ts";

const PAGE_ROWS = 512;

/** Checks the backup in `folder`. @throws ERR_BACKUP, ERR_LOG naming what does not hold; ERR_CANCELLED */
export async function checkGatewayBackup(folder: string, options: CheckOptions = {}): Promise<CheckedBackup> {
  const { manifest, sha256 } = await checkBackupFiles(folder, options);
  if (manifest.kind !== "gateway") throw backupFault(folder, `it is of a ${manifest.kind}`);
  const log = await checkBackupLog(folder, manifest, options);
  // A gateway that was never started has no database.
  if (manifest.files[`${STATE_DIRECTORY}/PG_VERSION`] === undefined)
    return { manifest, sha256, entries: 0, receipts: 0 };
  const temporary = await mkdtemp(join(tmpdir(), "sluice-check-"));
  try {
    await cp(join(folder, STATE_DIRECTORY), join(temporary, STATE_DIRECTORY), { recursive: true });
    const state = await openState(temporary).catch((cause: unknown) => {
      throw backupFault(folder, "its database does not open", cause);
    });
    try {
      const entries = await checkNotedEntries(folder, log, noted(state.db), options.signal);
      const row = await state.db
        .selectFrom("receipt")
        .select(({ fn }) => fn.countAll().as("count"))
        .executeTakeFirst();
      return { manifest, sha256, entries, receipts: Number(row?.count ?? 0) };
    } finally {
      await state.close();
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function* noted(db: Kysely<Tables>): AsyncGenerator<NotedEntry> {
  for (let after = -1n; ;) {
    const rows = await db
      .selectFrom("receipt")
      .select(["receipt", "salt", "log_index"])
      .where("log_index", ">", after)
      .orderBy("log_index")
      .limit(PAGE_ROWS)
      .execute();
    for (const { receipt, salt, log_index: index } of rows) {
      if (index === null) continue;
      after = index;
      yield { index: Number(index), entry: commitment(SignedReceipt.parse(JSON.parse(receipt)), fromHex(salt)) };
    }
    if (rows.length < PAGE_ROWS) return;
  }
}
