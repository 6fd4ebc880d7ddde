/** A channel over whatever carries packets: frames wait here with their numbers until the peer has acknowledged them, so that
 *  a cut loses none and repeats none. Memory is bounded: a few frames each way, whatever the peer does.
 *  @module */
import {
  equalBytes,
  MAX_SESSION_FRAME_BYTES,
  MAX_SESSION_FRAMES_IN_FLIGHT,
  SESSION_ID_BYTES,
  SluiceError,
  type Bytes,
  type NumberedFrame,
  type SessionPacket,
  type SessionState,
} from "@sluice/protocol";
import type { FrameChannel } from "./channel.ts";

/** How far a session had come, for a side whose role is made again and says the same once more. */
export interface SessionPast {
  /** Frames of this side that the peer has. */
  readonly acknowledged: number;
  /** Frames of the peer. */
  readonly received: readonly Bytes[];
}

/** How a channel is made. */
export interface ChannelOptions {
  /** Frames that may wait here for the peer. */
  readonly maxHeld?: number;
  readonly past?: SessionPast | undefined;
  /** Whether `takeNews` will be asked. */
  readonly keepsNews?: boolean;
}

/** One side of a session, for its role and for whoever carries its packets. */
export class WindowChannel implements FrameChannel {
  readonly session: Bytes;
  readonly #maxHeld: number;
  /** Frames that the peer has not acknowledged, of consecutive numbers from `#acknowledged`. */
  #outgoing: Bytes[] = [];
  #acknowledged = 0;
  /** The peer takes frames below this number. */
  #credit = MAX_SESSION_FRAMES_IN_FLIGHT;
  /** Frames that the role has not taken; `#next` is the number of the one that comes after them. */
  #incoming: Bytes[] = [];
  #next = 0;
  #peerEndsAt: number | null = null;
  /** Frames that the role has still to say before the peer lacks them, and those that it has still to hear again. */
  #toSkip: number;
  readonly #past: Bytes[];
  /** Frames that came since `takeNews`; null when nobody asks. */
  #news: Bytes[] | null;
  #finished = false;
  #failure: Error | null = null;
  /** What the role waits for; null while it computes. */
  #waits: (() => boolean) | null = null;
  #change = Promise.withResolvers<void>();

  /** @param session 16 bytes. */
  constructor(
    session: Bytes,
    { maxHeld = MAX_SESSION_FRAMES_IN_FLIGHT, past, keepsNews = false }: ChannelOptions = {},
  ) {
    if (session.length !== SESSION_ID_BYTES) throw new RangeError(`a session's id has ${SESSION_ID_BYTES} bytes`);
    this.session = session;
    this.#maxHeld = maxHeld;
    this.#news = keepsNews ? [] : null;
    this.#toSkip = past?.acknowledged ?? 0;
    this.#past = [...(past?.received ?? [])];
    if (past === undefined) return;
    this.#acknowledged = past.acknowledged;
    this.#next = past.received.length;
    // What room the peer has, it will say.
    this.#credit = past.acknowledged;
  }

  async send(frame: Bytes, signal: AbortSignal): Promise<void> {
    if (frame.length === 0 || frame.length > MAX_SESSION_FRAME_BYTES) {
      throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: frame.length, maxBytes: MAX_SESSION_FRAME_BYTES });
    }
    if (this.#toSkip > 0) {
      this.#check(signal);
      this.#toSkip--;
      return;
    }
    await this.#until(() => this.#outgoing.length < this.#maxHeld, signal);
    this.#outgoing.push(frame);
    this.#changed();
  }

  async receive(signal: AbortSignal): Promise<Bytes | null> {
    const again = this.#past.shift();
    if (again !== undefined) {
      this.#check(signal);
      return again;
    }
    await this.#until(() => this.#incoming.length > 0 || this.peerEnded, signal);
    const frame = this.#incoming.shift() ?? null;
    this.#changed();
    return frame;
  }

  async finish(signal: AbortSignal): Promise<void> {
    this.#finished = true;
    // Nobody reads any more.
    this.#incoming = [];
    this.#changed();
    await this.#until(() => this.#outgoing.length === 0, signal);
  }

  abandon(reason: Error): void {
    if (this.over) return;
    this.#failure = reason;
    for (const frame of [...this.#outgoing, ...this.#incoming]) frame.fill(0);
    this.#outgoing = [];
    this.#incoming = [];
    this.#changed();
  }

  /** Why the session was given up, or null. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Whether the peer has said that it sends no more, and all that it sent has arrived. */
  get peerEnded(): boolean {
    return this.#peerEndsAt !== null && this.#next >= this.#peerEndsAt;
  }

  /** Whether the role is done and its peer has all, or the session was given up. */
  get over(): boolean {
    return this.#failure !== null || (this.#finished && this.#outgoing.length === 0);
  }

  /** Whether nothing happens here before the peer speaks: the role has ended, or waits for a frame or for room. */
  get idle(): boolean {
    return this.#finished || this.#failure !== null || (this.#waits !== null && !this.#waits());
  }

  /** Number of the peer's frame that comes next. */
  get next(): number {
    return this.#next;
  }

  /** Frames from `next` on that there is room for. */
  get room(): number {
    return MAX_SESSION_FRAMES_IN_FLIGHT - this.#incoming.length;
  }

  /** Number of the first frame that the peer has not acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Frames of the peer that came since this was asked before, where the channel keeps them. */
  takeNews(): Bytes[] {
    return this.#news?.splice(0) ?? [];
  }

  /** Whether frames from `from` on may go now. */
  hasFrames(from: number): boolean {
    return Math.min(this.#acknowledged + this.#outgoing.length, this.#credit) > from;
  }

  /** What this side has to say: frames from `from` on as far as the peer takes them, none when `from` is infinite. */
  packet(from: number = this.#acknowledged): SessionPacket {
    const frames: NumberedFrame[] = [];
    const end = this.#acknowledged + this.#outgoing.length;
    const start = Math.max(from, this.#acknowledged);
    const upTo = Math.min(end, this.#credit, start + MAX_SESSION_FRAMES_IN_FLIGHT);
    for (let number = start; number < upTo; number++) {
      const frame = this.#outgoing[number - this.#acknowledged];
      if (frame !== undefined) frames.push({ number, frame });
    }
    const whole = this.#finished && start + frames.length === end;
    const { session, next, room } = this;
    return { session, state: this.#state(whole), next, room, frames };
  }

  /** Takes what the peer says; frames that were here before are passed over.
   *  @throws ERR_SESSION_ENDED for a packet of another session, ERR_SESSION_FRAME for what is out of turn: the session is then given up */
  absorb(packet: SessionPacket): void {
    // Whoever sends another session's packet does not end this one.
    if (!equalBytes(packet.session, this.session)) throw ended("the packet is of another session");
    if (this.#failure !== null) return;
    try {
      this.#acknowledge(packet);
      this.#take(packet);
    } catch (error) {
      if (error instanceof Error) this.abandon(error);
      throw error;
    }
    this.#changed();
  }

  /** Returns at the next change, or when `signal` aborts; whichever comes first. */
  async changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const aborted = Promise.withResolvers<void>();
    const onAbort = (): void => aborted.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.#change.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #state(whole: boolean): SessionState {
    if (this.#failure !== null) return "abandoned";
    return whole ? "ended" : "open";
  }

  #acknowledge({ next, room }: SessionPacket): void {
    const end = this.#acknowledged + this.#outgoing.length;
    if (next > end) throw outOfTurn(next, end);
    this.#outgoing.splice(0, Math.max(0, next - this.#acknowledged));
    this.#acknowledged = Math.max(this.#acknowledged, next);
    this.#credit = Math.max(this.#credit, next + room);
  }

  #take({ state, frames }: SessionPacket): void {
    if (state === "abandoned") throw ended("the peer has given it up");
    for (const { number, frame } of frames) {
      if (number < this.#next) {
        // A frame that the peer knows to have arrived is no repetition after a cut.
        if (number < this.#next - MAX_SESSION_FRAMES_IN_FLIGHT) throw outOfTurn(number, this.#next);
        continue;
      }
      const beyond = this.#peerEndsAt !== null && number >= this.#peerEndsAt;
      if (number > this.#next || this.room === 0 || beyond) throw outOfTurn(number, this.#next);
      // A view would hold the whole packet; and a role that has ended reads nothing.
      const own = frame.slice();
      if (!this.#finished) this.#incoming.push(own);
      this.#news?.push(own);
      this.#next++;
    }
    const last = frames.at(-1);
    if (state === "ended") this.#peerEndsAt ??= last === undefined ? this.#next : last.number + 1;
  }

  async #until(ready: () => boolean, signal: AbortSignal): Promise<void> {
    this.#check(signal);
    if (ready()) return;
    this.#waits = ready;
    this.#changed();
    try {
      while (!ready()) {
        await this.changed(signal);
        this.#check(signal);
      }
    } finally {
      this.#waits = null;
    }
  }

  #check(signal: AbortSignal): void {
    if (this.#failure !== null) throw this.#failure;
    signal.throwIfAborted();
  }

  #changed(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers<void>();
    resolve();
  }
}

function outOfTurn(number: number, expected: number): SluiceError {
  return new SluiceError("ERR_SESSION_FRAME", { number, expected });
}

/** The session is not open any more. */
export function ended(reason: string): SluiceError {
  return new SluiceError("ERR_SESSION_ENDED", { reason });
}
