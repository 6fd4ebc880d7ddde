/** The side that is asked: holds the sessions that are open, each for a limited time, and wipes what they leave. Packets come as
 *  requests, each answered when the role has something to say or waits for more, or over connections.
 *  @module */
import {
  decodeSessionPacket,
  encodeSessionPacket,
  MAX_SESSION_FRAMES_IN_FLIGHT,
  SluiceError,
  toHex,
  type Bytes,
  type Session,
} from "@sluice/protocol";
import { systemTimers, type Timers } from "../remote/timers.ts";
import { runSession, type SessionOptions } from "./run-session.ts";
import { carry, type Wire } from "./wire.ts";
import { ended, WindowChannel } from "./window-channel.ts";

/** Longest time that a request waits for its answer; an empty one comes then, and the peer asks again. */
export const DEFAULT_PATIENCE_MS = 10_000;
/** How long the end of a session is remembered, for a peer that did not hear it. */
export const SESSION_MEMORY_MS = 60_000;

/** Limits of a host. */
export interface SessionHostOptions extends Pick<SessionOptions, "lifetimeMs" | "idleMs"> {
  /** Sessions that are open at once. */
  readonly maxSessions: number;
  /** Of those, sessions of one group. */
  readonly maxPerGroup: number;
  readonly patienceMs?: number;
  /** Frames of a role that wait here for its peer. */
  readonly maxHeld?: number;
  readonly timers?: Timers;
}

/** A session to hold. */
export interface HeldSession {
  /** Names it, 16 bytes; whoever knows it can speak for the peer. */
  readonly id: Bytes;
  readonly role: Session;
  /** Whose it is, for the limit. */
  readonly group: string;
  /** Ends it with ERR_CANCELLED. */
  readonly signal?: AbortSignal;
}

interface Held {
  readonly channel: WindowChannel;
  readonly group: string;
  running: boolean;
  /** Ends the connection that carries it now. */
  connection: AbortController | null;
}

/** Holds sessions. */
export class SessionHost {
  readonly #options: SessionHostOptions;
  readonly #timers: Timers;
  readonly #held = new Map<string, Held>();
  /** Groups of places that are kept, by id. */
  readonly #reserved = new Map<string, string>();
  readonly #closed = new AbortController();

  constructor(options: SessionHostOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  /** Sessions that are open. */
  get open(): number {
    return this.#running().length;
  }

  /** Keeps a place for a session that will begin, or until the result is called; an id has one place, which only who took it
   *  gives back. @throws ERR_SESSION_LIMIT */
  reserve(id: Bytes, group: string): () => void {
    const name = toHex(id);
    if (this.#reserved.has(name)) return () => {};
    const { maxSessions, maxPerGroup } = this.#options;
    const groups = [...this.#running().map((held) => held.group), ...this.#reserved.values()];
    if (groups.length >= maxSessions) throw new SluiceError("ERR_SESSION_LIMIT", { maxSessions });
    if (groups.filter((one) => one === group).length >= maxPerGroup) {
      throw new SluiceError("ERR_SESSION_LIMIT", { maxSessions: maxPerGroup });
    }
    this.#reserved.set(name, group);
    return () => this.#reserved.delete(name);
  }

  /** Begins a session; the result is what its role computes. @throws ERR_SESSION_LIMIT, ERR_SESSION_ENDED when one of this id was
   *  held before; and later what `runSession` throws */
  async run({ id, role, group, signal }: HeldSession): Promise<unknown> {
    this.#closed.signal.throwIfAborted();
    const name = toHex(id);
    if (this.#held.has(name)) throw ended("a session of this id has begun before");
    this.#reserved.delete(name);
    this.reserve(id, group)();
    const { maxHeld = MAX_SESSION_FRAMES_IN_FLIGHT } = this.#options;
    const held: Held = { channel: new WindowChannel(id, { maxHeld }), group, running: true, connection: null };
    this.#held.set(name, held);
    const signals = signal === undefined ? [this.#closed.signal] : [this.#closed.signal, signal];
    try {
      return await runSession(role, held.channel, {
        ...this.#options,
        timers: this.#timers,
        signal: AbortSignal.any(signals),
      });
    } finally {
      held.running = false;
      if (this.#closed.signal.aborted) this.#held.delete(name);
      else this.#timers.after(SESSION_MEMORY_MS, () => this.#forget(name));
    }
  }

  /** Answers one packet. @throws what is wrong with it, why its session ended, and ERR_SESSION_ENDED when none of its id is held */
  async answer(packetBytes: Bytes, signal: AbortSignal): Promise<Bytes> {
    const packet = decodeSessionPacket(packetBytes);
    const { channel } = this.#find(packet.session);
    channel.absorb(packet);
    const more = packet.frames.length === MAX_SESSION_FRAMES_IN_FLIGHT;
    const due = (): boolean => channel.idle || (more && channel.room >= MAX_SESSION_FRAMES_IN_FLIGHT / 2);
    await this.#patiently(signal, async (until) => {
      while (!due() && !until.aborted) await channel.changed(until);
    });
    if (channel.failure !== null && packet.state !== "abandoned") throw channel.failure;
    // Frames of a role that still computes wait for the others.
    return encodeSessionPacket(channel.packet(channel.idle ? channel.acknowledged : Infinity));
  }

  /** Carries the session that the first packet of `wire` names, until that ends. A session has one connection: a new one
   *  takes it over. @throws what is wrong with the packets, and ERR_SESSION_ENDED when none of its id is held */
  async attach(wire: Wire): Promise<void> {
    const early: Bytes[] = [];
    const first = Promise.withResolvers<Bytes | null>();
    const hear = (bytes: Bytes): void => {
      early.push(bytes);
      first.resolve(bytes);
    };
    wire.listen({ packet: hear, end: () => first.resolve(null) });
    const connection = new AbortController();
    try {
      const bytes = await this.#patiently(this.#closed.signal, async (until) => {
        until.addEventListener("abort", () => first.resolve(null), { once: true });
        return await first.promise;
      });
      if (bytes === null) return;
      const held = this.#find(decodeSessionPacket(bytes).session);
      held.connection?.abort();
      held.connection = connection;
      const again = (listener: Parameters<Wire["listen"]>[0]): void => {
        for (const packet of early) listener.packet(packet);
        wire.listen(listener);
      };
      await carry(
        held.channel,
        { send: (packet) => wire.send(packet), listen: again, close: () => {} },
        AbortSignal.any([connection.signal, this.#closed.signal]),
      );
    } finally {
      wire.close();
    }
  }

  /** Ends every session. */
  close(): void {
    this.#closed.abort(new SluiceError("ERR_CANCELLED"));
    this.#held.clear();
  }

  #running(): Held[] {
    return [...this.#held.values()].filter(({ running }) => running);
  }

  #find(session: Bytes): Held {
    const held = this.#held.get(toHex(session));
    if (held === undefined) throw ended("none of this id is held here");
    return held;
  }

  #forget(name: string): void {
    this.#held.get(name)?.connection?.abort();
    this.#held.delete(name);
  }

  async #patiently<T>(signal: AbortSignal, work: (until: AbortSignal) => Promise<T>): Promise<T> {
    const patience = new AbortController();
    const takeBack = this.#timers.after(this.#options.patienceMs ?? DEFAULT_PATIENCE_MS, () => patience.abort());
    try {
      return await work(AbortSignal.any([patience.signal, signal]));
    } finally {
      takeBack();
    }
  }
}
