/** Sessions over a connection that both sides may speak on at any time: each says where it stands when the connection begins,
 *  and goes on from where its peer stands. A connection that is cut is replaced by another one, and nothing is lost.
 *  @module */
import {
  decodeSessionPacket,
  encodeSessionPacket,
  isSluiceError,
  type Bytes,
  type SessionPacket,
} from "@sluice/protocol";
import type { WindowChannel } from "./window-channel.ts";

/** A connection that carries whole packets in their order, until it is cut. */
export interface Wire {
  /** Hands a packet over. After the end it is dropped. */
  send(bytes: Bytes): void;
  /** Sets who hears packets and, once, the end; what came before is heard now. */
  listen(listener: { packet(bytes: Bytes): void; end(): void }): void;
  /** Ends the connection when what was sent has gone out. */
  close(): void;
}

/** Carries packets between `channel` and one connection, until the session is over or the connection ends. Returns whether
 *  the session is over on this side, its peer having been told.
 *  @throws what is wrong with a packet of the peer; the session is then given up */
export async function carry(channel: WindowChannel, wire: Wire, signal: AbortSignal): Promise<"over" | "cut"> {
  const ended = new AbortController();
  let heard = false;
  let failure: Error | null = null;
  wire.listen({
    packet(bytes) {
      try {
        channel.absorb(decodeSessionPacket(bytes));
        heard = true;
      } catch (error) {
        failure ??= error instanceof Error ? error : new TypeError("what was thrown is no error");
        ended.abort();
      }
    },
    end: () => ended.abort(),
  });
  const until = AbortSignal.any([ended.signal, signal]);
  try {
    const hello = channel.packet(Infinity);
    wire.send(encodeSessionPacket(hello));
    await speak(channel, { hello, heard: () => heard, until, send: (bytes) => wire.send(bytes) });
    if (failure !== null) throw failure;
  } catch (error) {
    if (failure !== null && isSluiceError(error, "ERR_FRAME_MALFORMED", "ERR_FRAME_TOO_LARGE")) channel.abandon(error);
    throw error;
  } finally {
    if (channel.failure !== null) wire.send(encodeSessionPacket(channel.packet(Infinity)));
    wire.close();
  }
  return channel.over ? "over" : "cut";
}

interface Speaking {
  readonly hello: SessionPacket;
  readonly heard: () => boolean;
  readonly until: AbortSignal;
  readonly send: (bytes: Bytes) => void;
}

/** Says what is new, until there is nothing left to say. */
async function speak(channel: WindowChannel, { hello, heard, until, send }: Speaking): Promise<void> {
  let told = { ...hello, sent: 0 };
  while (!until.aborted && channel.failure === null) {
    // Only after the peer has said where it stands is it known what it still needs.
    if (heard()) {
      const from = Math.max(told.sent, channel.acknowledged);
      const packet = channel.packet(from);
      const news = packet.next !== told.next || packet.room > told.room || packet.state !== told.state;
      if (packet.frames.length > 0 || news) {
        send(encodeSessionPacket(packet));
        told = { ...packet, sent: from + packet.frames.length };
        continue;
      }
      if (channel.over && channel.peerEnded) return;
    }
    await channel.changed(until);
  }
}
