/** Each way to run the asking side of a session against a host: connections in memory, WebSocket, HTTP.
 *  @module */
import { SESSION_ID_BYTES, type Session } from "@sluice/protocol";
import { connectSession } from "../src/session/connect.ts";
import { postSession } from "../src/session/http-session.ts";
import { memoryWires, type MemoryFaults } from "../src/session/memory-wires.ts";
import type { SessionHost } from "../src/session/session-host.ts";
import { openWebSocket } from "../src/session/web-socket-wire.ts";
import type { Wire } from "../src/session/wire.ts";
import { cuttingProxy, posting, serveSessions, type Listening } from "./session-network.ts";

/** Names the sessions of tests. */
export const ID = new Uint8Array(SESSION_ID_BYTES).fill(5);

/** Opens connections in memory to `host`. */
export function memoryTo(
  host: SessionHost,
  faults: () => MemoryFaults,
  onError: (error: unknown) => void = () => {},
): () => Promise<Wire> {
  return async () => {
    const [near, far] = memoryWires(faults());
    host.attach(far).catch(onError);
    return near;
  };
}

/** What is asked, what closes what listens, and after how many bytes the next connection is cut. */
export interface WayOptions {
  readonly host: SessionHost;
  readonly track: <T extends Listening>(listening: Promise<T>) => Promise<T>;
  readonly cutAfter?: () => number | undefined;
}

/** Makes what runs the asking side. */
export type Way = (options: WayOptions) => Promise<(role: Session, signal?: AbortSignal) => Promise<unknown>>;

const uncut = (): undefined => undefined;
const CONNECTED = { id: ID, reconnectMs: 0, maxIdleConnections: 1_000 };

/** The ways by their names. */
export const WAYS: Readonly<Record<string, Way>> = {
  memory: async ({ host, cutAfter = uncut }) => {
    const connect = memoryTo(host, () => ({ cutAfterBytes: cutAfter() ?? Infinity }));
    return (role, signal) => connectSession(role, { ...CONNECTED, signal, connect });
  },
  WebSocket: async ({ host, track, cutAfter = uncut }) => {
    const proxy = await track(cuttingProxy((await track(serveSessions(host))).port, cutAfter));
    const connect = (signal: AbortSignal) => openWebSocket(new URL(`ws://127.0.0.1:${proxy.port}/`), signal);
    return (role, signal) => connectSession(role, { ...CONNECTED, signal, connect });
  },
  HTTP: async ({ host, track, cutAfter = uncut }) => {
    const proxy = await track(cuttingProxy((await track(serveSessions(host))).port, cutAfter));
    return (role, signal) => postSession(role, { id: ID, signal, post: posting(`http://127.0.0.1:${proxy.port}/`) });
  },
};
