/** Turns of one kind of work: so many at a time, the rest wait, each party's in order and the parties in turn. One party
 *  may hold a quarter of what may wait, so that others find room.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** Limits of one kind of work. */
export interface RoomLimits {
  /** Calls in flight to domains. */
  readonly maxConcurrent: number;
  /** Calls waiting for their turn; more are refused at once. */
  readonly maxWaiting: number;
  /** Bytes that waiting calls hold together. */
  readonly maxWaitingBytes: number;
}

/** Part of places and bytes that one party may hold; its first waiting call may be larger. */
const PARTY_SHARE = 1 / 4;

/** A call that asks for its turn. */
interface Asking {
  readonly party: string;
  readonly sizeBytes: number;
  readonly signal?: AbortSignal;
}

interface Waiter {
  readonly sizeBytes: number;
  readonly admit: () => void;
}

/** Gives turns. Whoever entered leaves exactly once. */
export class WaitingRoom {
  readonly #limits: RoomLimits;
  /** Who waits, by party; the party at the front is next, and none is empty. */
  readonly #lines = new Map<string, Waiter[]>();
  #active = 0;
  #waiting = 0;
  #waitingBytes = 0;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  /** Calls whose turn it is. */
  get active(): number {
    return this.#active;
  }

  /** Calls that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Bytes that they hold. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Passes when the turn comes. @throws ERR_POOL_FULL, ERR_CANCELLED */
  async enter({ party, sizeBytes, signal }: Asking): Promise<void> {
    if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
    if (this.#active < this.#limits.maxConcurrent) {
      this.#active++;
      return;
    }
    const line = this.#lines.get(party) ?? [];
    if (!this.#hasRoom(line, sizeBytes)) throw new SluiceError("ERR_POOL_FULL", { maxQueue: this.#waiting });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { sizeBytes, admit: resolve };
    this.#lines.set(party, line);
    line.push(waiter);
    this.#waiting++;
    this.#waitingBytes += sizeBytes;
    const giveUp = (): void => {
      if (this.#remove(party, waiter)) reject(new SluiceError("ERR_CANCELLED"));
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** Ends a turn; the one who leaves hands its place over. */
  leave(): void {
    for (const [party, line] of this.#lines) {
      const [next] = line;
      if (next === undefined || !this.#remove(party, next)) break;
      // To the end of the round.
      if (this.#lines.delete(party)) this.#lines.set(party, line);
      next.admit();
      return;
    }
    this.#active--;
  }

  #hasRoom(line: readonly Waiter[], sizeBytes: number): boolean {
    const { maxWaiting, maxWaitingBytes } = this.#limits;
    if (this.#waiting >= maxWaiting || this.#waitingBytes + sizeBytes > maxWaitingBytes) return false;
    if (line.length === 0) return true;
    const ownBytes = line.reduce((sum, waiter) => sum + waiter.sizeBytes, sizeBytes);
    return line.length < maxWaiting * PARTY_SHARE && ownBytes <= maxWaitingBytes * PARTY_SHARE;
  }

  /** Takes a call out of its line; false when it is not there any more. */
  #remove(party: string, waiter: Waiter): boolean {
    const line = this.#lines.get(party) ?? [];
    const at = line.indexOf(waiter);
    if (at < 0) return false;
    line.splice(at, 1);
    if (line.length === 0) this.#lines.delete(party);
    this.#waiting--;
    this.#waitingBytes -= waiter.sizeBytes;
    return true;
  }
}
