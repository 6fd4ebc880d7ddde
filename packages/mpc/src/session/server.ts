/** The asked side of a session: a host that holds sessions and answers requests and connections.
 *  @module */
export { memoryWires, type MemoryFaults } from "./memory-wires.ts";
export { SessionHost, SESSION_MEMORY_MS, type HeldSession, type SessionHostOptions } from "./session-host.ts";
export { webSocketWire, type SocketLike } from "./web-socket-wire.ts";
export type { Wire } from "./wire.ts";
export { systemTimers, type Timers } from "../remote/timers.ts";
export { threadedRole, type ThreadedOptions, type ThreadedRole } from "./threaded-session.ts";
export { serveRoles } from "./session-thread.ts";
