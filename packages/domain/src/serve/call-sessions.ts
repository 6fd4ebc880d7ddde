/** Sessions of production calls that this process holds: their messages are opened, each number once, and answered; a message
 *  that comes again is answered as before. They live in memory alone: a domain that begins anew holds none of them, and what
 *  they spent stays spent.
 *  @module */
import type { SessionSeal } from "@sluice/evidence/seal";
import { SessionHost, SESSION_MEMORY_MS, systemTimers, type SessionHostOptions } from "@sluice/mpc/session/server";
import {
  decodeSessionPacket,
  equalBytes,
  fromHex,
  SESSION_LIFETIME_MS,
  SluiceError,
  type Bytes,
  type Session,
  type SessionMessage,
} from "@sluice/protocol";

/** Limits of a domain's sessions, unless others are given: a session holds 48 frames at most, 40 of its own and 8 of its caller's,
 *  which is 48 MiB, and its set beside. */
export const DEFAULT_SESSION_LIMITS: SessionHostOptions = {
  maxSessions: 8,
  maxPerGroup: 4,
  lifetimeMs: SESSION_LIFETIME_MS,
  // So long a caller may take to begin anew.
  idleMs: 10 * 60_000,
  // An answer waits here whole until its receipt exists: 32 frames for the largest set.
  maxHeld: 40,
};

/** A session to begin. */
export interface CallSession<Owner> {
  readonly callId: string;
  readonly role: Session;
  readonly seal: SessionSeal;
  /** Whose it is, for the limit. */
  readonly group: string;
  /** What it rests on. */
  readonly owner: Owner;
  readonly signal: AbortSignal;
}

interface Held<Owner> {
  readonly owner: Owner;
  readonly seal: SessionSeal;
  /** Number of the message that was answered last, and its answer. */
  last: number;
  reply: Promise<Bytes>;
}

/** Holds the sessions of calls. */
export class CallSessions<Owner> {
  readonly #host: SessionHost;
  readonly #held = new Map<string, Held<Owner>>();
  readonly #timers;

  constructor(limits: SessionHostOptions = DEFAULT_SESSION_LIMITS) {
    this.#host = new SessionHost(limits);
    this.#timers = limits.timers ?? systemTimers;
  }

  /** Sessions that are open. */
  get open(): number {
    return this.#host.open;
  }

  /** Whether a session of this call began in this process, and is not forgotten. */
  holds(callId: string): boolean {
    return this.#held.has(callId);
  }

  /** Keeps a place until the session begins or the result is called. @throws ERR_SESSION_LIMIT */
  reserve(callId: string, group: string): () => void {
    return this.#host.reserve(fromHex(callId), group);
  }

  /** Runs a session to its end. @throws what ended it early; its messages are told the same */
  async run({ callId, role, seal, group, owner, signal }: CallSession<Owner>): Promise<void> {
    this.#held.set(callId, { owner, seal, last: -1, reply: Promise.resolve(new Uint8Array()) });
    try {
      await this.#host.run({ id: fromHex(callId), role, group, signal });
    } finally {
      this.#timers.after(SESSION_MEMORY_MS, () => this.#held.delete(callId));
    }
  }

  /** What the session of a call rests on. @throws ERR_SESSION_ENDED when none is held */
  ownerOf(callId: string): Owner {
    return this.#find(callId).owner;
  }

  /** The sealed answer to a sealed message.
   *  @throws ERR_SEAL for what is of another call, ERR_SESSION_FRAME for a number below the last, ERR_SESSION_ENDED, and what
   *  ended the session. What does not open changes nothing. */
  async reply(callId: string, { number, sealed }: SessionMessage, signal: AbortSignal): Promise<Bytes> {
    const held = this.#find(callId);
    const packet = await held.seal.open(number, sealed);
    if (number === held.last) return await held.reply;
    // A caller that begins anew leaves numbers out, since it does not know which it has sealed.
    if (number < held.last) throw new SluiceError("ERR_SESSION_FRAME", { number, expected: held.last + 1 });
    held.last = number;
    held.reply = this.#answer(callId, { number, packet, seal: held.seal }, signal);
    return await held.reply;
  }

  /** Ends every session. */
  close(): void {
    this.#host.close();
    this.#held.clear();
  }

  async #answer(
    callId: string,
    { number, packet, seal }: { readonly number: number; readonly packet: Bytes; readonly seal: SessionSeal },
    signal: AbortSignal,
  ): Promise<Bytes> {
    if (!equalBytes(decodeSessionPacket(packet).session, fromHex(callId))) {
      throw new SluiceError("ERR_FRAME_MALFORMED", { field: "session", expected: "the call's id" });
    }
    return await seal.seal(number, await this.#host.answer(packet, signal));
  }

  #find(callId: string): Held<Owner> {
    const held = this.#held.get(callId);
    if (held !== undefined) return held;
    throw new SluiceError("ERR_SESSION_ENDED", { reason: "the domain holds none of this call" });
  }
}
