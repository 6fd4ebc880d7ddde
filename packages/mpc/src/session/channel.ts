/** What a running session sends over: frames in order, each once, with room for a few that the peer has not read yet.
 *  @module */
import type { Bytes } from "@sluice/protocol";

/** One side of a connection between two roles. Whoever carries it sees the number and the length of frames. */
export interface FrameChannel {
  /** Returns when the frame has its place; while the peer reads nothing, it waits. @throws the signal's reason, and why the session ended */
  send(frame: Bytes, signal: AbortSignal): Promise<void>;
  /** The peer's next frame; null when it has none any more. @throws as `send` does */
  receive(signal: AbortSignal): Promise<Bytes | null>;
  /** Says that no frames follow, and returns when the peer has all. @throws as `send` does */
  finish(signal: AbortSignal): Promise<void>;
  /** Gives the session up: whatever waits throws `reason`, the peer is told, and frames are dropped. Harmless after the end. */
  abandon(reason: Error): void;
}
