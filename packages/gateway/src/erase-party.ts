/** Erasing who asked, in a gateway that is not running: what links receipts, usage and runs to one key goes; receipts,
 *  usage and log stay. Documents of the authorisation that name the key stay: statements of the agency, scenes, grants.
 *  @module */
import { lockDirectory } from "@sluice/evidence";
import { MAX_CLOCK_SKEW_MS, SignedGrant, SluiceError, type Clock, type KeyId } from "@sluice/protocol";
import { sql, type Kysely, type Transaction } from "kysely";
import { join } from "node:path";
import { FILES, notAGateway, readConfig } from "./configuration.ts";
import { erasePartyFromLog } from "./erase-process-log.ts";
import { openState } from "./state/open-state.ts";
import type { Tables } from "./state/tables.ts";

/** What was erased. */
export interface ErasedCalls {
  /** Receipts that do not open to the key any more. */
  readonly receipts: number;
  /** Runs whose signed request is gone. */
  readonly runs: number;
  /** Lines of the process log that named the party beside a call. */
  readonly lines: number;
}

/** Erases what links receipts, usage and runs to `keyId`: openings with their salts, signed requests, key columns,
 *  nonces; and from the process log the name of each party that has, or in a grant had, the key. The database is written
 *  anew, so that no freed page and no write-ahead log holds the key.
 *  @throws ERR_STATE while a run of the key is open, or a request that it signed could still be replayed;
 *  ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED */
export async function erasePartyOfGateway(
  directory: string,
  { keyId, clock }: { readonly keyId: KeyId; readonly clock: Clock },
): Promise<ErasedCalls> {
  if ((await readConfig(directory)) === null) throw notAGateway(directory, "a gateway");
  const lock = await lockDirectory(directory);
  try {
    const state = await openState(directory);
    try {
      const names = await namesOf(state.db, keyId);
      const erased = await state.db.transaction().execute((transaction) => eraseRows(transaction, keyId, clock));
      await state.rewrite();
      const file = join(directory, FILES.processLog);
      let lines = 0;
      for (const part of [file, `${file}.1`]) lines += await erasePartyFromLog(part, names);
      return { ...erased, lines };
    } finally {
      await state.close();
    }
  } finally {
    lock.release();
  }
}

/** Names of parties with that key: now, and in grants. */
async function namesOf(db: Kysely<Tables>, keyId: KeyId): Promise<ReadonlySet<string>> {
  const parties = await db.selectFrom("party").select("party").where("key_id", "=", keyId).execute();
  const scenes = await db.selectFrom("scene").select("signed_grant").where("signed_grant", "is not", null).execute();
  const named = scenes.flatMap(({ signed_grant: text }) => {
    if (text === null) return [];
    const { operator, developer, callers } = SignedGrant.parse(JSON.parse(text)).body;
    return [operator, developer, ...callers].filter((party) => party.keyId === keyId);
  });
  return new Set([...parties, ...named].map(({ party }) => party));
}

async function eraseRows(
  transaction: Transaction<Tables>,
  keyId: KeyId,
  clock: Clock,
): Promise<{ receipts: number; runs: number }> {
  const open = await transaction
    .selectFrom("run")
    .select("call_id")
    .where("key_id", "=", keyId)
    .where("document", "is", null)
    .executeTakeFirst();
  if (open !== undefined) {
    throw new SluiceError("ERR_STATE", { kind: "run", name: open.call_id, state: "not ended", needed: "its end" });
  }
  const past = new Date(clock.now().getTime() - MAX_CLOCK_SKEW_MS).toISOString();
  const live = await transaction
    .selectFrom("http_nonce")
    .select("expires_at")
    .where("key_id", "=", keyId)
    .where("expires_at", ">=", past)
    .executeTakeFirst();
  if (live !== undefined) {
    const details = { kind: "request", name: "the latest", state: "still valid", needed: `after ${live.expires_at}` };
    throw new SluiceError("ERR_STATE", details);
  }
  await transaction.deleteFrom("http_nonce").where("key_id", "=", keyId).execute();
  const receipts = await transaction
    .updateTable("receipt")
    .set({ key_id: null, request: null, openings: withoutParty("openings", "{party}") })
    .where("key_id", "=", keyId)
    .executeTakeFirst();
  await transaction.updateTable("usage_record").set({ key_id: null }).where("key_id", "=", keyId).execute();
  const runs = await transaction
    .updateTable("run")
    .set({ key_id: null, request: null, document: withoutParty("document", "{receipt,openings,party}") })
    .where("key_id", "=", keyId)
    .executeTakeFirst();
  return { receipts: Number(receipts.numUpdatedRows), runs: Number(runs.numUpdatedRows) };
}

/** The JSON text of a column without the member at `path`. */
function withoutParty(column: "openings" | "document", path: string) {
  return sql<string>`(${sql.ref(column)}::jsonb #- ${path}::text[])::text`;
}
