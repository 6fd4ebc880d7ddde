/** Sessions over HTTP, the asking side: each request brings the frames that are ready and is answered by the frames that are
 *  due. A request is repeated as it was when its answer is lost; the peer passes over what it has.
 *  @module */
import {
  decodeSessionPacket,
  encodeSessionPacket,
  MAX_SESSION_FRAMES_IN_FLIGHT,
  type Bytes,
  type Session,
} from "@sluice/protocol";
import { systemTimers, type Timers } from "../remote/timers.ts";
import { runSession, type SessionOptions } from "./run-session.ts";
import { WindowChannel, type SessionPast } from "./window-channel.ts";

/** Sends a packet and gives the packet that answers it. It may send the same bytes again until an answer comes.
 *  @throws what the peer refuses, and why no answer came; either ends the session */
export type PostPacket = (packet: Bytes, signal: AbortSignal) => Promise<Bytes>;

/** Longest time that is taken to tell the peer how a session ended. */
export const FAREWELL_MS = 5_000;

/** How a session is kept outside this process, so that another one can go on with it. */
export interface SessionKeeping {
  /** What was kept before. */
  readonly past: SessionPast | null;
  /** Told before each packet goes out, and waited for: how many of this side's frames the peer has, and which of the peer's came
   *  since the packet before. */
  readonly keep: (news: SessionPast) => Promise<void>;
  /** Whether the session may be gone on with after `error`: the peer is then not told that it was given up. */
  readonly outlives: (error: unknown) => boolean;
}

/** How a session is asked. */
export interface PostedOptions extends SessionOptions {
  /** Names the session to the peer, 16 bytes. */
  readonly id: Bytes;
  readonly post: PostPacket;
  readonly keeping?: SessionKeeping | undefined;
}

/** Runs `session` by requests. @throws what `runSession` and `post` throw */
export async function postSession(session: Session, options: PostedOptions): Promise<unknown> {
  // While a request is under way, the role makes the frames of the next one.
  const { keeping, timers = systemTimers } = options;
  const channel = new WindowChannel(options.id, {
    maxHeld: 2 * MAX_SESSION_FRAMES_IN_FLIGHT,
    past: keeping?.past ?? undefined,
    keepsNews: keeping !== undefined,
  });
  const post = keeping === undefined ? options.post : keptBefore(channel, keeping, options.post);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const carried = carryByPosts(channel, post, signal);
  let done: unknown;
  try {
    done = await runSession(session, channel, options);
  } catch (error) {
    stop.abort();
    await carried;
    if (keeping?.outlives(error) !== true) await tell(channel, options.post, timers);
    throw error;
  }
  await carried;
  await tell(channel, post, timers);
  return done;
}

/** What has come is kept before the peer hears that it has. */
function keptBefore(channel: WindowChannel, { keep }: SessionKeeping, post: PostPacket): PostPacket {
  return async (packet, signal) => {
    await keep({ acknowledged: channel.acknowledged, received: channel.takeNews() });
    return await post(packet, signal);
  };
}

/** Never throws: whatever fails gives the session up. */
async function carryByPosts(channel: WindowChannel, post: PostPacket, signal: AbortSignal): Promise<void> {
  try {
    while (!channel.over && !signal.aborted) {
      const ready = channel.idle || channel.hasFrames(channel.acknowledged + MAX_SESSION_FRAMES_IN_FLIGHT - 1);
      if (!ready) {
        await channel.changed(signal);
        continue;
      }
      channel.absorb(decodeSessionPacket(await post(encodeSessionPacket(channel.packet()), signal)));
    }
  } catch (error) {
    channel.abandon(error instanceof Error ? error : new TypeError("what was thrown is no error"));
  }
}

/** Says once how this side ended, and does not wait long to be heard; a peer that does not hear it finds out when the session's
 *  time is over. */
async function tell(channel: WindowChannel, post: PostPacket, timers: Timers): Promise<void> {
  const late = new AbortController();
  const takeBack = timers.after(FAREWELL_MS, () => late.abort());
  await post(encodeSessionPacket(channel.packet()), late.signal).catch(() => {});
  takeBack();
}
