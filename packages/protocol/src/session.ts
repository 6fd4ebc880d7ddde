/** Protocols of many messages: both roles are Sessions, which take frames and give frames, and know nothing of what carries
 *  them. Packets carry numbered frames over a connection that may be cut, each way with the number that comes next.
 *  Whoever carries them learns how many there are and how long each is.
 *  @module */
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { MAX_SESSION_FRAME_BYTES, MAX_SESSION_FRAMES_IN_FLIGHT } from "./limits.ts";

/** What one step of a role gives. */
export interface SessionStep {
  /** Frames for the peer, in order, each of 1 to MAX_SESSION_FRAME_BYTES bytes; at most MAX_SESSION_FRAMES_IN_FLIGHT. */
  readonly send: Bytes[];
  /** Present when the role has ended: what it computed; undefined for a role that computes nothing for itself. */
  readonly done?: unknown;
}

/** One role of a protocol of many messages. It is used once, and by one step at a time.
 *
 *  `step()` begins the role, and afterwards goes on with what it has still to send: after every step that gave frames
 *  it is asked again when these have been taken, so that a long message is never whole in memory. A step without a frame that
 *  gives none, and no `done`, waits for the peer. `step(frame)` takes the peer's next frame. Until its peer has read, one side
 *  sends at most MAX_SESSION_FRAMES_IN_FLIGHT frames: two roles that both send more than that at once wait for each other. */
export interface Session {
  /** @throws what is wrong with the frame; the role has then ended, and has wiped what is secret. */
  step(frame?: Bytes): Promise<SessionStep>;
  /** Ends the role, wherever it stands but not within a step, and wipes what is secret. Harmless after the end. */
  close?(): void;
}

/** Version of the packets. */
export const SESSION_VERSION = 1;
/** Bytes of a session's id. */
export const SESSION_ID_BYTES = 16;

/** Where a side stands: more frames may follow, none follow, or it has given the session up. */
export const SESSION_STATES = ["open", "ended", "abandoned"] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** A frame with its number; each side counts its own from 0. */
export type NumberedFrame = { readonly number: number; readonly frame: Bytes };

/** What one side says at once. */
export type SessionPacket = {
  /** Names the session. */
  readonly session: Bytes;
  readonly state: SessionState;
  /** Number of the peer's frame that comes next: all before it have arrived. */
  readonly next: number;
  /** Frames from `next` on that this side has room for. */
  readonly room: number;
  /** Frames of this side, their numbers one after another. */
  readonly frames: readonly NumberedFrame[];
};

const HEAD_BYTES = 2 + SESSION_ID_BYTES + 1 + 4 + 1 + 4 + 1;

/** Largest packet. */
export const MAX_SESSION_PACKET_BYTES = HEAD_BYTES + MAX_SESSION_FRAMES_IN_FLIGHT * (3 + MAX_SESSION_FRAME_BYTES);

// struct { uint16 version; opaque session[16]; uint8 state; uint32 next; uint8 room;
//          uint32 first; uint8 count; opaque frame<1..2^20> × count; } SessionPacket;
/** Bytes of a packet; `first` is the number of its first frame, 0 when it has none.
 *  @throws ERR_FRAME_TOO_LARGE, ERR_FRAME_MALFORMED */
export function encodeSessionPacket(packet: SessionPacket): Bytes {
  const { session, state, next, room, frames } = packet;
  if (session.length !== SESSION_ID_BYTES) throw malformed("session", `${SESSION_ID_BYTES} bytes`);
  const first = frames[0]?.number ?? 0;
  checkCount(room, "room");
  checkCount(frames.length, "count");
  const writer = new ByteWriter()
    .uint(SESSION_VERSION, 2)
    .fixed(session)
    .uint(SESSION_STATES.indexOf(state), 1)
    .uint(next, 4)
    .uint(room, 1)
    .uint(first, 4)
    .uint(frames.length, 1);
  for (const [index, { number, frame }] of frames.entries()) {
    if (number !== first + index) throw malformed("number", String(first + index));
    if (frame.length === 0) throw malformed("frame", "at least 1 byte");
    writer.opaque(frame, MAX_SESSION_FRAME_BYTES);
  }
  return writer.finish();
}

/** Frames share memory with `bytes`. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeSessionPacket(bytes: Bytes): SessionPacket {
  if (bytes.length > MAX_SESSION_PACKET_BYTES) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: bytes.length, maxBytes: MAX_SESSION_PACKET_BYTES });
  }
  const reader = new ByteReader(bytes);
  if (reader.uint(2) !== SESSION_VERSION) throw malformed("version", String(SESSION_VERSION));
  const session = reader.fixed(SESSION_ID_BYTES);
  const state = SESSION_STATES[reader.uint(1)];
  if (state === undefined) throw malformed("state", `0 to ${SESSION_STATES.length - 1}`);
  const next = reader.uint(4);
  const room = checkCount(reader.uint(1), "room");
  const first = reader.uint(4);
  const count = checkCount(reader.uint(1), "count");
  if (count === 0 && first !== 0) throw malformed("first", "0 when there are no frames");
  if (first + count > 2 ** 32 - 1) throw malformed("first", "numbers below 2^32");
  const frames = Array.from({ length: count }, (_, index) => {
    const frame = reader.opaque(MAX_SESSION_FRAME_BYTES);
    if (frame.length === 0) throw malformed("frame", "at least 1 byte");
    return { number: first + index, frame };
  });
  reader.end();
  return { session, state, next, room, frames };
}

function checkCount(count: number, field: string): number {
  if (count <= MAX_SESSION_FRAMES_IN_FLIGHT) return count;
  throw malformed(field, `at most ${MAX_SESSION_FRAMES_IN_FLIGHT}`);
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
