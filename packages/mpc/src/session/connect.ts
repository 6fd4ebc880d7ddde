/** The side that opens connections: a session runs while connections carry it, each new one going on where the last was cut.
 *  @module */
import { isSluiceError, SluiceError, type Session } from "@sluice/protocol";
import { systemTimers, type Timers } from "../remote/timers.ts";
import { runSession, type SessionOptions } from "./run-session.ts";
import { carry, type Wire } from "./wire.ts";
import { WindowChannel } from "./window-channel.ts";

/** Connections in a row that may bring nothing before the session is given up. */
export const DEFAULT_MAX_IDLE_CONNECTIONS = 5;
/** Wait before another connection, in milliseconds; it doubles with each that brings nothing. */
export const DEFAULT_RECONNECT_MS = 200;
/** How long the end waits for the peer to have heard of it. */
const FAREWELL_MS = 5_000;

/** How a session is connected. */
export interface ConnectOptions extends SessionOptions {
  /** Names the session to the peer, 16 bytes. */
  readonly id: Uint8Array;
  /** Opens a connection. */
  readonly connect: (signal: AbortSignal) => Promise<Wire>;
  readonly maxIdleConnections?: number;
  readonly reconnectMs?: number;
}

/** Runs `session` over connections. @throws what `runSession` throws; ERR_UNREACHABLE when connections bring nothing */
export async function connectSession(session: Session, options: ConnectOptions): Promise<unknown> {
  const channel = new WindowChannel(options.id);
  const timers = options.timers ?? systemTimers;
  const gone = new AbortController();
  const carried = keepCarrying(channel, { ...options, timers }, gone.signal);
  let takeBack: (() => void) | undefined;
  try {
    return await runSession(session, channel, options);
  } finally {
    takeBack = timers.after(FAREWELL_MS, () => gone.abort());
    await carried;
    takeBack();
  }
}

/** Never throws: whatever fails gives the session up. */
async function keepCarrying(
  channel: WindowChannel,
  options: ConnectOptions & { readonly timers: Timers },
  signal: AbortSignal,
): Promise<void> {
  const { connect, timers, reconnectMs = DEFAULT_RECONNECT_MS } = options;
  let idle = 0;
  while (!channel.over && !signal.aborted) {
    const before = channel.next + channel.acknowledged;
    let fault: unknown = null;
    try {
      if ((await carry(channel, await connect(signal), signal)) === "over") return;
    } catch (error) {
      fault = error;
      if (!isSluiceError(error, "ERR_UNREACHABLE")) channel.abandon(asError(error));
    }
    idle = channel.next + channel.acknowledged > before ? 0 : idle + 1;
    if (idle >= (options.maxIdleConnections ?? DEFAULT_MAX_IDLE_CONNECTIONS)) {
      channel.abandon(isSluiceError(fault) ? fault : new SluiceError("ERR_UNREACHABLE", { peer: "the peer" }));
    }
    if (!channel.over) await pause(channel, { timers, ms: reconnectMs * 2 ** idle }, signal);
  }
}

/** Ends after `ms`, or when the session is over. */
async function pause(
  channel: WindowChannel,
  { timers, ms }: { readonly timers: Timers; readonly ms: number },
  signal: AbortSignal,
): Promise<void> {
  const rung = new AbortController();
  const takeBack = timers.after(ms, () => rung.abort());
  const until = AbortSignal.any([rung.signal, signal]);
  try {
    while (!until.aborted && !channel.over) await channel.changed(until);
  } finally {
    takeBack();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new TypeError("what was thrown is no error");
}
