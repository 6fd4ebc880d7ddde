/** The session of a worker: it begins with the process, so that nothing that was heard before a restart counts after it,
 *  and anew when many nonces are kept, so that keeping them all takes bounded memory and no clock.
 *  @module */
import { SESSION_BYTES } from "@sluice/mpc/remote/server";
import { SluiceError, toHex, type Random } from "@sluice/protocol";

/** Requests of one session. */
export const DEFAULT_MAX_NONCES = 100_000;

/** Takes each nonce once. */
export class WorkerSessions {
  readonly #random: Random;
  readonly #maxNonces: number;
  readonly #taken = new Set<string>();
  #current: string;

  constructor(random: Random, maxNonces: number = DEFAULT_MAX_NONCES) {
    this.#random = random;
    this.#maxNonces = maxNonces;
    this.#current = toHex(random.bytes(SESSION_BYTES));
  }

  /** Begins another session: no request of the one before is taken any more. */
  begin(): void {
    this.#taken.clear();
    this.#current = toHex(this.#random.bytes(SESSION_BYTES));
  }

  /** The session, hexadecimal. */
  get current(): string {
    return this.#current;
  }

  /** Takes the nonce of an authentic request. @throws ERR_WORKER_SESSION when it is of another session; ERR_REPLAY */
  take({ session, nonce }: { readonly session: string; readonly nonce: string }): void {
    if (this.#taken.size >= this.#maxNonces) this.begin();
    if (session !== this.#current) throw new SluiceError("ERR_WORKER_SESSION");
    if (this.#taken.has(nonce)) throw new SluiceError("ERR_REPLAY");
    this.#taken.add(nonce);
  }
}
