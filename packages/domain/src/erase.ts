/** Erasing who asked, in a domain that is not running: what links receipts to one key goes, receipts and log stay and
 *  verify as before. Documents of the authorisation that name the key stay: statements of the agency, grants.
 *  @module */
import { join } from "node:path";
import { lockDirectory } from "@sluice/evidence";
import { SluiceError, type Clock, type KeyId } from "@sluice/protocol";
import { readConfig } from "./config.ts";
import { StateDatabase } from "./state/database.ts";
import { EventStore } from "./state/events.ts";

/** What was erased. */
export interface ErasedReferences {
  /** Receipts that do not open to the key any more. */
  readonly receipts: number;
  /** Runs whose signed request is gone. */
  readonly runs: number;
}

/** Erases what links receipts, runs and charges to `keyId`: openings with their salts, signed requests, the bindings by
 *  which a retry is recognised, kept answers, nonces. A retry of such a call is refused from then on. The file is rewritten,
 *  so that no freed page holds the key. @throws ERR_STATE while a run of the key has not ended; ERR_DIRECTORY_STATE,
 *  ERR_DIRECTORY_LOCKED */
export async function erasePartyOfDomain(
  directory: string,
  { keyId, clock }: { readonly keyId: KeyId; readonly clock: Clock },
): Promise<ErasedReferences> {
  await readConfig(directory);
  const lock = await lockDirectory(directory);
  try {
    const db = new StateDatabase(join(directory, "state.sqlite"));
    try {
      const erased = db.transaction(() => {
        const references = eraseRows(db, keyId);
        if (references.receipts + references.runs > 0) new EventStore(db).put({ kind: "erased" }, clock.now());
        return references;
      });
      db.rewrite();
      return erased;
    } finally {
      db.close();
    }
  } finally {
    lock.release();
  }
}

/** Runs of a key, whether or not they have a receipt: each keeps the request that its party signed. */
const RUNS_OF_KEY = "SELECT call_id FROM run WHERE request ->> '$.signatures[0].keyId' = ?";
const ANSWERS_OF_KEY = "SELECT call_id FROM answer WHERE openings ->> '$.party.value' = ?";

function eraseRows(db: StateDatabase, keyId: KeyId): ErasedReferences {
  const open = db.prepare(`${RUNS_OF_KEY} AND state IN ('submitted', 'running')`).get(keyId);
  if (open !== undefined) {
    const name = String(open["call_id"]);
    throw new SluiceError("ERR_STATE", { kind: "run", name, state: "not ended", needed: "its end" });
  }
  // What a retry must repeat is known to whoever tries keys, but for the binding.
  db.prepare(`UPDATE spend SET binding = '' WHERE call_id IN (${ANSWERS_OF_KEY} UNION ${RUNS_OF_KEY})`).run(
    keyId,
    keyId,
  );
  const runs = db
    .prepare(
      `UPDATE run SET request = 'null', document = json_remove(document, '$.receipt.openings.party')
       WHERE call_id IN (${RUNS_OF_KEY})`,
    )
    .run(keyId);
  const receipts = db
    .prepare(
      `UPDATE answer SET frame = NULL, openings = json_remove(openings, '$.party') WHERE openings ->> '$.party.value' = ?`,
    )
    .run(keyId);
  db.prepare("DELETE FROM dataset_term WHERE key_id = ?").run(keyId);
  db.prepare("DELETE FROM nonce WHERE key_id IN (?, ?)").run(keyId, `${keyId} describe`);
  return { receipts: Number(receipts.changes), runs: Number(runs.changes) };
}
