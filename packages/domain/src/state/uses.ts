/** Uses of grants: nonces, quotas and spends. A use is spent in one durable transaction before anything
 *  is computed; a call id is charged once however often it is retried.
 *  @module */
import {
  SluiceError,
  MAX_CLOCK_SKEW_MS,
  type Denial,
  type Instant,
  type Operation,
  type Sha256Hex,
} from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** One use that has passed every check but the quota. */
export interface PendingUse {
  readonly callId: string;
  readonly grant: Sha256Hex;
  readonly operation: Operation;
  readonly amount: bigint;
  /** Quota of this operation under the grant; 0 when the grant names none. */
  readonly quota: bigint;
  readonly unit: string;
  /** Hash over everything of the request that a retry must repeat. */
  readonly binding: Sha256Hex;
  readonly requestHash: Sha256Hex;
  readonly keyId: string;
  readonly nonce: string;
  readonly expiresAt: string;
  readonly now: Date;
}

/** Computations that one charge is good for, when the ones before ended without an answer: as many as our client tries. */
export const MAX_CALL_ATTEMPTS = 4;

/** Outcome of a spend: charged now, charged before, or refused. */
export type SpendOutcome = { kind: "spent" } | { kind: "already" } | { kind: "denied"; reason: Denial };

/** Tables of uses. */
export class UseStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Takes the nonce and the quota together. `also` is done with a new charge or not at all: what it throws takes all back.
   *  @throws ERR_CLOCK when time went back beyond the tolerated skew, and what `also` throws */
  spend(use: PendingUse, also?: () => void): SpendOutcome {
    return this.#db.transaction(() => {
      this.#advanceClock(use.now);
      if (!this.#takeNonce(use.keyId, use.nonce, use.expiresAt)) {
        return { kind: "denied", reason: { code: "ERR_REPLAY", details: {} } };
      }
      const before = this.#db.prepare("SELECT binding FROM spend WHERE call_id = ?").get(use.callId);
      if (before !== undefined) {
        if (before["binding"] === use.binding) return { kind: "already" };
        return { kind: "denied", reason: { code: "ERR_CALL_REUSED", details: {} } };
      }
      const row = this.#db
        .prepare("SELECT used FROM quota WHERE grant_hash = ? AND operation = ?")
        .get(use.grant, use.operation);
      const used = BigInt(row === undefined ? 0 : String(row["used"]));
      if (used + use.amount > use.quota) {
        const details = { operation: use.operation, amount: String(use.quota), unit: use.unit };
        return { kind: "denied", reason: { code: "ERR_QUOTA_SPENT", details } };
      }
      this.#db
        .prepare(
          `INSERT INTO quota (grant_hash, operation, used) VALUES (?, ?, ?)
           ON CONFLICT (grant_hash, operation) DO UPDATE SET used = used + excluded.used`,
        )
        .run(use.grant, use.operation, use.amount);
      this.#db
        .prepare(
          "INSERT INTO spend (call_id, grant_hash, operation, amount, binding, request_hash, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .run(use.callId, use.grant, use.operation, use.amount, use.binding, use.requestHash, use.now.toISOString());
      also?.();
      return { kind: "spent" };
    });
  }

  /** Counts another attempt at a charged call that has no answer, durably and before it begins; the spend counted the
   *  first. Returns whether there is one left. */
  beginAttempt(callId: string): boolean {
    const result = this.#db
      .prepare("UPDATE spend SET attempts = attempts + 1 WHERE call_id = ? AND attempts < ?")
      .run(callId, MAX_CALL_ATTEMPTS);
    return result.changes === 1;
  }

  /** Takes back an attempt for which nothing was computed. */
  returnAttempt(callId: string): void {
    this.#db.prepare("UPDATE spend SET attempts = attempts - 1 WHERE call_id = ?").run(callId);
  }

  /** Takes a nonce of a message that spends nothing. Returns whether it was new. */
  takeNonce(keyId: string, nonce: string, expiresAt: Date): boolean {
    return this.#takeNonce(keyId, nonce, expiresAt.toISOString());
  }

  /** Forgets nonces whose requests expired long enough ago that their expiry alone refuses them. */
  forgetNonces(now: Date): void {
    const before = new Date(now.getTime() - 2 * MAX_CLOCK_SKEW_MS).toISOString();
    this.#db.prepare("DELETE FROM nonce WHERE expires_at < ?").run(before);
  }

  /** Units spent under a grant. */
  used(grant: Sha256Hex, operation: Operation): bigint {
    const row = this.#db.prepare("SELECT used FROM quota WHERE grant_hash = ? AND operation = ?").get(grant, operation);
    return BigInt(row === undefined ? 0 : String(row["used"]));
  }

  /** The latest instant at which something was spent, or null. */
  latest(): Instant | null {
    const latest = this.#db.prepare("SELECT latest FROM clock").get()?.["latest"];
    return typeof latest === "string" ? latest : null;
  }

  /** Hash of the request that was charged for a call id, or null. */
  requestHash(callId: string): Sha256Hex | null {
    const row = this.#db.prepare("SELECT request_hash FROM spend WHERE call_id = ?").get(callId);
    return row === undefined ? null : String(row["request_hash"]);
  }

  #takeNonce(keyId: string, nonce: string, expiresAt: string): boolean {
    const result = this.#db
      .prepare("INSERT INTO nonce (key_id, nonce, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
      .run(keyId, nonce, expiresAt);
    return result.changes === 1;
  }

  #advanceClock(now: Date): void {
    const row = this.#db.prepare("SELECT latest FROM clock").get();
    const latest = row === undefined ? 0 : Date.parse(String(row["latest"]));
    if (now.getTime() < latest - MAX_CLOCK_SKEW_MS) throw new SluiceError("ERR_CLOCK");
    if (now.getTime() <= latest) return;
    this.#db
      .prepare("INSERT INTO clock (one, latest) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET latest = excluded.latest")
      .run(now.toISOString());
  }
}
