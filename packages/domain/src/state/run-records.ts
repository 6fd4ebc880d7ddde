/** What a run was made from, so that it can be made again: written before its code starts, and never shown outside of the domain.
 *  @module */
import type { Instant, Sha256Hex } from "@sluice/protocol";
import { Runtime } from "../work/runtime.ts";
import type { StateDatabase } from "./database.ts";

/** Record of one run of user code. */
export interface RunRecord {
  readonly callId: string;
  /** Of the source table. */
  readonly snapshot: Sha256Hex;
  /** Of the job's `Math.random`. */
  readonly seed: number;
  readonly runtime: Runtime;
  readonly at: Instant;
}

/** Table of records. */
export class RunRecords {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Keeps a record in place of that of an attempt that was cut off. */
  put({ callId, snapshot, seed, runtime, at }: RunRecord): void {
    this.#db
      .prepare(
        `INSERT INTO run_record (call_id, snapshot, seed, runtime, at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (call_id) DO UPDATE SET snapshot = excluded.snapshot, seed = excluded.seed, runtime = excluded.runtime, at = excluded.at`,
      )
      .run(callId, snapshot, seed, JSON.stringify(runtime), at);
  }

  /** The record of a run; null when none was kept, as before there were records. */
  get(callId: string): RunRecord | null {
    const row = this.#db.prepare("SELECT * FROM run_record WHERE call_id = ?").get(callId);
    if (row === undefined) return null;
    return {
      callId,
      snapshot: String(row["snapshot"]),
      seed: Number(row["seed"]),
      runtime: Runtime.parse(JSON.parse(String(row["runtime"]))),
      at: String(row["at"]),
    };
  }
}
