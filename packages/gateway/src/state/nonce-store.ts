/** Nonces of HTTP signatures, each good for one request. All are remembered in memory until they expire; those
 *  of management requests also on disk, so that a restart does not make them fresh. A production call replayed
 *  across a restart is refused by its domain, which keeps the nonce inside the call.
 *  @module */
import { SluiceError, type Clock, type KeyId } from "@sluice/protocol";
import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** Nonces remembered at once. */
export const MAX_REMEMBERED_NONCES = 1_000_000;
/** Nonces taken between two sweeps of expired ones. */
const SWEEP_EVERY = 4_096;

/** Remembers nonces. */
export class NonceStore {
  readonly #db: Kysely<Tables>;
  readonly #clock: Clock;
  /** Expiry in milliseconds by key and nonce. */
  readonly #expiries = new Map<string, number>();
  #taken = 0;

  private constructor(db: Kysely<Tables>, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** The store over what is still valid. */
  static async open(db: Kysely<Tables>, clock: Clock): Promise<NonceStore> {
    const store = new NonceStore(db, clock);
    await store.#forgetStored();
    const rows = await db.selectFrom("http_nonce").selectAll().execute();
    for (const row of rows) store.#expiries.set(`${row.key_id} ${row.nonce}`, Date.parse(row.expires_at));
    return store;
  }

  /** Takes a nonce until `expiresAt`; true when it was taken before. `durable` ones outlive this process.
   *  @throws ERR_POOL_FULL when too many nonces are remembered */
  async seen(keyId: KeyId, nonce: string, expiresAt: Date, durable: boolean): Promise<boolean> {
    const name = `${keyId} ${nonce}`;
    if (this.#expiries.has(name)) return true;
    if (++this.#taken % SWEEP_EVERY === 0) this.#sweep();
    if (this.#expiries.size >= MAX_REMEMBERED_NONCES) {
      throw new SluiceError("ERR_POOL_FULL", { maxQueue: MAX_REMEMBERED_NONCES });
    }
    this.#expiries.set(name, expiresAt.getTime());
    if (durable) {
      const row = { key_id: keyId, nonce, expires_at: expiresAt.toISOString() };
      await this.#db.insertInto("http_nonce").values(row).execute();
    }
    return false;
  }

  #sweep(): void {
    const now = this.#clock.now().getTime();
    for (const [name, expiry] of this.#expiries) if (expiry < now) this.#expiries.delete(name);
  }

  async #forgetStored(): Promise<void> {
    await this.#db.deleteFrom("http_nonce").where("expires_at", "<", this.#clock.now().toISOString()).execute();
  }
}
