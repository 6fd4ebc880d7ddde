/** How far a state explains a log: an entry without a document in the state would be one that this domain never made.
 *  @module */
import { toHex, type Bytes } from "@sluice/protocol";
import { AnswerStore } from "../state/answers.ts";
import type { StateDatabase } from "../state/database.ts";
import { EventStore } from "../state/events.ts";
import { lastNoted, unlogged } from "../state/kept-entries.ts";
import { readRollback } from "../state/rollback.ts";

/** A log of `size` entries. */
export interface Entries {
  readonly size: number;
  /** Entries [from, to); those that cannot be had are left out. */
  entries(from: number, to: number): Promise<readonly Bytes[]> | readonly Bytes[];
}

/** How many of the log's first entries the state explains: noted ones, those taken as found after a loss, then kept ones that
 *  were not noted yet. More than the log has when the state knows entries that the log lacks. */
export async function explainedSize(db: StateDatabase, log: Entries): Promise<number> {
  const stores = { answers: new AnswerStore(db), events: new EventStore(db) };
  const { reason, acceptedSize } = readRollback(db);
  const last = (lastNoted(stores)?.index ?? -1) + 1;
  // A domain that refuses all work adds nothing to its log, and a person has to look at what there is.
  if (reason !== null || acceptedSize === null) return Math.max(last, log.size);
  const from = Math.max(last, acceptedSize);
  const kept = new Set(unlogged(stores).map(({ entry }) => toHex(entry)));
  const entries = await log.entries(from, log.size);
  const unknown = entries.findIndex((entry) => !kept.has(toHex(entry)));
  return from + (unknown === -1 ? entries.length : unknown);
}
