/** Nonces of HTTP signatures, each good for one request. All are remembered in memory until they expire, so many per key
 *  that one party cannot take the room of others; those of management requests also on disk, so that a restart does not
 *  make them fresh. A production call replayed across a restart is refused by its domain, which keeps the nonce inside
 *  the call.
 *  @module */
import { MAX_REQUEST_VALIDITY_MS, SluiceError, type Clock, type KeyId } from "@sluice/protocol";
import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** Nonces remembered at once. */
export const MAX_REMEMBERED_NONCES = 1_000_000;
/** Nonces remembered of one key: some 400 requests per second, each valid as long as a signature may be. */
export const MAX_NONCES_PER_KEY = 125_000;
/** Nonces taken between two sweeps of expired ones. */
const SWEEP_EVERY = 4_096;
/** Rate at which a key stays below its limit, as the refusal states it. */
const REQUESTS_PER_SECOND = Math.floor(MAX_NONCES_PER_KEY / (MAX_REQUEST_VALIDITY_MS / 1_000));

/** Nonces of one key. */
interface KeyNonces {
  /** Expiry in milliseconds by nonce. */
  readonly expiries: Map<string, number>;
  /** No nonce expires before; a sweep would find nothing. */
  earliestMs: number;
}

/** A nonce with who used it. */
export interface TakenNonce {
  readonly keyId: KeyId;
  /** Name of the party, for the refusal. */
  readonly party: string;
  readonly nonce: string;
  readonly expiresAt: Date;
  /** Whether it outlives this process. */
  readonly durable: boolean;
}

/** Remembers nonces. */
export class NonceStore {
  readonly #db: Kysely<Tables>;
  readonly #clock: Clock;
  readonly #maxPerKey: number;
  readonly #keys = new Map<KeyId, KeyNonces>();
  #size = 0;
  #taken = 0;

  private constructor(db: Kysely<Tables>, clock: Clock, maxPerKey: number) {
    this.#db = db;
    this.#clock = clock;
    this.#maxPerKey = maxPerKey;
  }

  /** The store over what is still valid. */
  static async open(db: Kysely<Tables>, clock: Clock, maxPerKey: number = MAX_NONCES_PER_KEY): Promise<NonceStore> {
    const store = new NonceStore(db, clock, maxPerKey);
    await store.#forgetStored();
    const rows = await db.selectFrom("http_nonce").selectAll().execute();
    for (const row of rows) store.#remember(row.key_id, row.nonce, Date.parse(row.expires_at));
    return store;
  }

  /** Takes a nonce until it expires; true when it was taken before.
   *  @throws ERR_RATE_LIMIT when too many of this key are remembered; ERR_POOL_FULL when too many of all keys are */
  async seen({ keyId, party, nonce, expiresAt, durable }: TakenNonce): Promise<boolean> {
    if (this.#keys.get(keyId)?.expiries.has(nonce) === true) return true;
    const sweeps = ++this.#taken % SWEEP_EVERY === 0;
    if (sweeps) for (const key of this.#keys.keys()) this.#sweep(key);
    if (this.#countOf(keyId) >= this.#maxPerKey) this.#sweep(keyId);
    if (this.#countOf(keyId) >= this.#maxPerKey) {
      throw new SluiceError("ERR_RATE_LIMIT", { party, callsPerSecond: REQUESTS_PER_SECOND });
    }
    if (this.#size >= MAX_REMEMBERED_NONCES) {
      throw new SluiceError("ERR_POOL_FULL", { maxQueue: MAX_REMEMBERED_NONCES });
    }
    this.#remember(keyId, nonce, expiresAt.getTime());
    if (durable) {
      const row = { key_id: keyId, nonce, expires_at: expiresAt.toISOString() };
      await this.#db.insertInto("http_nonce").values(row).execute();
    }
    if (sweeps) await this.#forgetStored();
    return false;
  }

  #countOf(keyId: KeyId): number {
    return this.#keys.get(keyId)?.expiries.size ?? 0;
  }

  #remember(keyId: KeyId, nonce: string, expiryMs: number): void {
    const key = this.#keys.get(keyId) ?? { expiries: new Map<string, number>(), earliestMs: expiryMs };
    this.#keys.set(keyId, key);
    key.expiries.set(nonce, expiryMs);
    key.earliestMs = Math.min(key.earliestMs, expiryMs);
    this.#size++;
  }

  #sweep(keyId: KeyId): void {
    const now = this.#clock.now().getTime();
    const key = this.#keys.get(keyId);
    if (key === undefined || key.earliestMs >= now) return;
    key.earliestMs = Infinity;
    for (const [nonce, expiryMs] of key.expiries) {
      if (expiryMs >= now) key.earliestMs = Math.min(key.earliestMs, expiryMs);
      else if (key.expiries.delete(nonce)) this.#size--;
    }
    if (key.expiries.size === 0) this.#keys.delete(keyId);
  }

  async #forgetStored(): Promise<void> {
    await this.#db.deleteFrom("http_nonce").where("expires_at", "<", this.#clock.now().toISOString()).execute();
  }
}
