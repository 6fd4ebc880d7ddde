/** The asking side of a session: over HTTP, over WebSocket, over connections of any other kind, or over a channel.
 *  @module */
export { connectSession, type ConnectOptions } from "./connect.ts";
export type { FrameChannel } from "./channel.ts";
export { FAREWELL_MS, postSession, type PostedOptions, type PostPacket, type SessionKeeping } from "./http-session.ts";
export { runSession, type SessionOptions } from "./run-session.ts";
export { openWebSocket } from "./web-socket-wire.ts";
export type { SessionPast } from "./window-channel.ts";
export type { Wire } from "./wire.ts";
export { MeasuredSession, type SessionTotals } from "./measured-session.ts";
