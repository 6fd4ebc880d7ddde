/** Sessions over memory, HTTP and WebSocket: whole whatever is cut, bounded, ended by limits and by bad peers, and nothing is
 *  left behind. @module */
import {
  decodeSessionPacket,
  encodeSessionPacket,
  isSluiceError,
  MAX_SESSION_FRAME_BYTES,
  MAX_SESSION_FRAMES_IN_FLIGHT,
  MAX_SESSION_PACKET_BYTES,
  SESSION_ID_BYTES,
  SluiceError,
  type Bytes,
  type ErrorCode,
  type Session,
  type SessionPacket,
} from "@sluice/protocol";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { connectSession } from "../src/session/connect.ts";
import { FAREWELL_MS, postSession, type PostPacket } from "../src/session/http-session.ts";
import { memoryWires, type MemoryFaults } from "../src/session/memory-wires.ts";
import { runSession } from "../src/session/run-session.ts";
import { SESSION_MEMORY_MS, SessionHost, type SessionHostOptions } from "../src/session/session-host.ts";
import { openWebSocket } from "../src/session/web-socket-wire.ts";
import { WindowChannel } from "../src/session/window-channel.ts";
import type { Wire } from "../src/session/wire.ts";
import { ManualTimers } from "./remote-manual-timers.ts";
import { seededRandom } from "./seeded-random.ts";
import { BlocksRole, blockOf, digestOf, type BlocksPlan } from "./session-blocks.ts";
import type { Listening } from "./session-network.ts";
import { ID, memoryTo, WAYS } from "./session-ways.ts";

const PLAN: BlocksPlan = { asked: 23, answered: 12, blockBytes: 900 };
const HOST: SessionHostOptions = { maxSessions: 4, maxPerGroup: 2 };
const NEVER = new AbortController().signal;

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

function hostOf(options: Partial<SessionHostOptions> = {}): SessionHost {
  const host = new SessionHost({ ...HOST, ...options });
  opened.push(host);
  return host;
}

function held(id: Bytes = ID, group = "one"): { id: Bytes; role: Session; group: string } {
  return { id, role: new BlocksRole(1, PLAN), group };
}

async function track<T extends Listening>(listening: Promise<T>): Promise<T> {
  const one = await listening;
  opened.push(one);
  return one;
}

function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "nothing",
    (error: unknown) => (isSluiceError(error) ? error.code : String(error)),
  );
}

/** Numbers between 1 and `most`, seeded, `count` of them. */
function cuts(seed: number, count: number, most: number): () => number | undefined {
  const random = seededRandom(seed);
  return () => (count-- > 0 ? 1 + (random.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0) % most) : undefined);
}

for (const [name, way] of Object.entries(WAYS)) {
  test(`a session over ${name} ends with what both sides sent, and nothing is left`, async () => {
    const host = hostOf();
    const run = await way({ host, track });
    const asked = host.run(held());
    expect(await run(new BlocksRole(0, PLAN))).toBe(digestOf(PLAN));
    expect(await asked).toBe(digestOf(PLAN));
    expect(host.open).toBe(0);
  });

  test(`a session over ${name} goes on after cuts at any byte`, async () => {
    for (const seed of [1, 2, 3]) {
      const host = hostOf();
      const run = await way({ host, track, cutAfter: cuts(seed, 12, 9_000) });
      const asked = host.run(held());
      expect(await run(new BlocksRole(0, PLAN))).toBe(digestOf(PLAN));
      expect(await asked).toBe(digestOf(PLAN));
    }
  });

  test(`a session over ${name} that is cancelled ends on both sides, also while the role computes`, async () => {
    const host = hostOf();
    const run = await way({ host, track });
    const cancel = new AbortController();
    const asked = codeOf(host.run(held()));
    const role = new BlocksRole(0, PLAN);
    let steps = 0;
    const endless: Session = {
      step: async (frame) => {
        if (++steps < 5) return await role.step(frame);
        cancel.abort();
        return await new Promise(() => {});
      },
    };
    expect(await codeOf(run(endless, cancel.signal))).toBe("ERR_CANCELLED");
    expect(await asked).toBe("ERR_SESSION_ENDED");
    expect(host.open).toBe(0);
  });
}

test("a session goes on after a connection that is cut within any of its frames, and after each of their ends", async () => {
  const packets = PLAN.asked + PLAN.answered + 2;
  for (let number = 0; number < 2 * packets; number++) {
    const host = hostOf();
    let connections = 0;
    const cutOnce = (): MemoryFaults =>
      connections++ === 0 ? { cutAfterBytes: Math.ceil((PLAN.blockBytes / 2) * number) + 1 } : {};
    const asked = host.run(held());
    const connect = memoryTo(host, cutOnce);
    const role = new BlocksRole(0, PLAN);
    expect(await connectSession(role, { id: ID, connect, reconnectMs: 0 }), String(number)).toBe(digestOf(PLAN));
    expect([await asked, host.open]).toEqual([digestOf(PLAN), 0]);
  }
});

/** What a peer that speaks by hand says. */
function said(packet: Partial<SessionPacket>): Bytes {
  return encodeSessionPacket({ session: ID, state: "open", next: 0, room: 8, frames: [], ...packet });
}

function framesFrom(first: number, count: number, bytes = PLAN.blockBytes): SessionPacket["frames"] {
  return Array.from({ length: count }, (_, index) => ({
    number: first + index,
    frame: blockOf(0, first + index, bytes),
  }));
}

test("a packet that is sent again changes nothing, and its answer comes again", async () => {
  const host = hostOf();
  const asked = codeOf(host.run(held()));
  const first = await host.answer(said({ frames: framesFrom(0, 3) }), NEVER);
  expect(decodeSessionPacket(first).next).toBe(3);
  expect(await host.answer(said({ frames: framesFrom(0, 3) }), NEVER)).toEqual(first);
  // Another content under an old number is passed over: the role had that frame.
  const other = framesFrom(0, 3).map(({ number }) => ({ number, frame: Uint8Array.of(1) }));
  expect(await host.answer(said({ frames: other }), NEVER)).toEqual(first);
  for (let next = 3; next < 20; next += 4) await host.answer(said({ frames: framesFrom(next, 4) }), NEVER);
  await host.answer(said({ frames: framesFrom(19, 4) }), NEVER);
  expect(await codeOf(host.answer(said({ frames: framesFrom(3, 1) }), NEVER))).toBe("ERR_SESSION_FRAME");
  expect(await asked).toBe("ERR_SESSION_FRAME");
});

test("frames out of turn, beyond the room, after the end or never sent end the session with a code, and are not kept", async () => {
  const bad: Record<string, [ErrorCode, ...Bytes[]]> = {
    "a gap": ["ERR_SESSION_FRAME", said({ frames: framesFrom(1, 1) })],
    "an acknowledgement of what was never sent": ["ERR_SESSION_FRAME", said({ next: 1 })],
    "a frame after the end": [
      "ERR_SESSION_FRAME",
      said({ state: "ended", frames: framesFrom(0, 2) }),
      said({ frames: framesFrom(2, 1) }),
    ],
    "no frame but the end": ["ERR_SESSION_ENDED", said({ state: "ended" }), said({})],
    "what the role refuses": ["ERR_FRAME_MALFORMED", said({ frames: framesFrom(0, 1, 10) }), said({})],
    "giving up": ["ERR_SESSION_ENDED", said({ state: "abandoned" })],
  };
  for (const [name, [code, ...packets]] of Object.entries(bad)) {
    const host = hostOf();
    const asked = codeOf(host.run(held()));
    const answers = await Promise.all(packets.map((packet) => codeOf(host.answer(packet, NEVER))));
    expect([name, answers.at(-1), await asked, host.open]).toEqual([name, code, code, 0]);
  }
});

test("what is no packet, too large, or of another session is refused and ends no session", async () => {
  const host = hostOf();
  const asked = host.run(held());
  const other = new Uint8Array(SESSION_ID_BYTES).fill(6);
  expect(await codeOf(host.answer(said({ session: other }), NEVER))).toBe("ERR_SESSION_ENDED");
  expect(await codeOf(host.answer(Uint8Array.of(1, 2, 3), NEVER))).toBe("ERR_FRAME_MALFORMED");
  expect(await codeOf(host.answer(new Uint8Array(MAX_SESSION_PACKET_BYTES + 1), NEVER))).toBe("ERR_FRAME_TOO_LARGE");
  const [near, far] = memoryWires();
  const attached = codeOf(host.attach(far));
  near.send(said({ session: other }));
  expect(await attached).toBe("ERR_SESSION_ENDED");
  const channel = new WindowChannel(ID);
  expect(() => channel.absorb(decodeSessionPacket(said({ session: other })))).toThrow(/another session/);
  expect(channel.over).toBe(false);
  const post: PostPacket = (packet) => host.answer(packet, NEVER);
  expect(await postSession(new BlocksRole(0, PLAN), { id: ID, post })).toBe(digestOf(PLAN));
  expect(await asked).toBe(digestOf(PLAN));
});

test("packets that come twice over a connection change nothing; one that is no packet ends the session on both sides", async () => {
  const host = hostOf();
  const asked = host.run(held());
  const twice = memoryTo(host, () => ({ deliver: (bytes) => [bytes, bytes] }));
  expect(await connectSession(new BlocksRole(0, PLAN), { id: ID, connect: twice })).toBe(digestOf(PLAN));
  expect(await asked).toBe(digestOf(PLAN));

  let packets = 0;
  const errors: unknown[] = [];
  const spoiled = memoryTo(
    hostOf(),
    () => ({ deliver: (bytes) => (++packets === 9 ? [bytes.subarray(1)] : [bytes]) }),
    (error) => errors.push(error),
  );
  const broken = opened.at(-1) as SessionHost;
  const other = codeOf(broken.run(held()));
  const own = await codeOf(connectSession(new BlocksRole(0, PLAN), { id: ID, connect: spoiled }));
  expect([own, await other].toSorted()).toEqual(["ERR_FRAME_MALFORMED", "ERR_SESSION_ENDED"]);
});

test("a frame that is too large or empty is not sent, and no step has more than its place", async () => {
  const giving = (frame: Bytes): Session => ({ step: async () => ({ send: [frame] }) });
  for (const bytes of [0, MAX_SESSION_FRAME_BYTES + 1]) {
    const channel = new WindowChannel(ID);
    expect(await codeOf(runSession(giving(new Uint8Array(bytes)), channel))).toBe("ERR_FRAME_TOO_LARGE");
    expect(channel.packet().state).toBe("abandoned");
  }
});

test("a peer that never reads, never answers, or keeps a session too long ends it in its time; what was held is dropped", async () => {
  const timers = new ManualTimers();
  const channel = new WindowChannel(ID);
  let made = 0;
  const endless: Session = {
    step: async () => ({ send: [Uint8Array.of(++made)] }),
  };
  const unread = codeOf(runSession(endless, channel, { timers, idleMs: 50, lifetimeMs: 500 }));
  while (!channel.idle) await channel.changed(NEVER);
  expect(made).toBe(MAX_SESSION_FRAMES_IN_FLIGHT + 1);
  expect(channel.packet().frames).toHaveLength(MAX_SESSION_FRAMES_IN_FLIGHT);
  timers.advance(50);
  expect(await unread).toBe("ERR_TIMEOUT");
  expect(channel.packet()).toMatchObject({ state: "abandoned", frames: [] });

  const full = new WindowChannel(ID);
  const most = decodeSessionPacket(said({ frames: framesFrom(0, MAX_SESSION_FRAMES_IN_FLIGHT) }));
  full.absorb(most);
  expect(full.packet()).toMatchObject({ next: MAX_SESSION_FRAMES_IN_FLIGHT, room: 0 });
  full.absorb(most);
  const beyond = said({ frames: framesFrom(MAX_SESSION_FRAMES_IN_FLIGHT, 1) });
  expect(() => full.absorb(decodeSessionPacket(beyond))).toThrow(/out of turn/);
  expect(await codeOf(full.receive(NEVER))).toBe("ERR_SESSION_FRAME");

  const silent = codeOf(runSession(new BlocksRole(1, PLAN), new WindowChannel(ID), { timers, idleMs: 50 }));
  await turn();
  timers.advance(50);
  expect(await silent).toBe("ERR_TIMEOUT");

  const stuck: Session = { step: () => new Promise(() => {}) };
  const long = codeOf(runSession(stuck, new WindowChannel(ID), { timers, lifetimeMs: 500 }));
  await turn();
  timers.advance(500);
  expect(await long).toBe("ERR_TIMEOUT");
  expect(timers.due(Infinity)).toBe(0);
});

test("a request waits while the role computes, gets no frame of it before, and an empty answer in the end", async () => {
  const timers = new ManualTimers();
  const host = hostOf({ timers, patienceMs: 30 });
  const computed = Promise.withResolvers<void>();
  let steps = 0;
  const role: Session = {
    step: async () => {
      if (++steps === 1) return { send: [Uint8Array.of(7)] };
      await computed.promise;
      return { send: [], done: "all" };
    },
  };
  const asked = host.run({ id: ID, role, group: "one" });
  const waiting = host.answer(said({}), NEVER);
  timers.advance(30);
  expect(decodeSessionPacket(await waiting)).toMatchObject({ state: "open", frames: [] });
  const again = host.answer(said({}), NEVER);
  computed.resolve();
  const answer = decodeSessionPacket(await again);
  expect(answer).toMatchObject({ state: "ended", frames: [{ number: 0, frame: Uint8Array.of(7) }] });
  await host.answer(said({ next: 1, state: "ended" }), NEVER);
  expect(await asked).toBe("all");
});

test("a role that has ended leaves nothing in memory of what its peer sends, or has sent, too much", async () => {
  const channel = new WindowChannel(ID);
  const ending: Session = { step: async () => ({ send: [], done: null }) };
  channel.absorb(decodeSessionPacket(said({ frames: framesFrom(0, 3) })));
  expect(channel.room).toBe(MAX_SESSION_FRAMES_IN_FLIGHT - 3);
  expect(await runSession(ending, channel)).toBeNull();
  expect(channel.room).toBe(MAX_SESSION_FRAMES_IN_FLIGHT);
  for (let first = 3; first < 40; first += MAX_SESSION_FRAMES_IN_FLIGHT) {
    channel.absorb(decodeSessionPacket(said({ frames: framesFrom(first, MAX_SESSION_FRAMES_IN_FLIGHT) })));
    expect(channel.packet()).toMatchObject({ next: first + MAX_SESSION_FRAMES_IN_FLIGHT, room: 8, state: "ended" });
  }
});

test("who cancels does not wait long to tell it, even if no request is answered any more", async () => {
  const timers = new ManualTimers();
  const cancel = new AbortController();
  const asked: AbortSignal[] = [];
  const farewell = Promise.withResolvers<void>();
  const post: PostPacket = async (_packet, signal) => {
    asked.push(signal);
    if (asked.length === 2) farewell.resolve();
    return await new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(new SluiceError("ERR_CANCELLED"))),
    );
  };
  const run = codeOf(postSession(new BlocksRole(0, PLAN), { id: ID, post, timers, signal: cancel.signal }));
  while (asked.length === 0) await turn();
  cancel.abort();
  await farewell.promise;
  timers.advance(FAREWELL_MS);
  expect(await run).toBe("ERR_CANCELLED");
  expect([asked.length, timers.due(Infinity)]).toEqual([2, 0]);
});

test("a place is given back by who took it alone", async () => {
  const host = hostOf({ maxSessions: 1 });
  const release = host.reserve(ID, "one");
  host.reserve(ID, "one")();
  expect(() => host.reserve(new Uint8Array(SESSION_ID_BYTES), "one")).toThrow(/ERR_SESSION_LIMIT|sessions/);
  release();
  host.reserve(new Uint8Array(SESSION_ID_BYTES), "one")();
});

test("a host holds so many sessions, so many of a group, each id once, and forgets what has ended", async () => {
  const timers = new ManualTimers();
  const host = hostOf({ timers, maxSessions: 3, maxPerGroup: 2, idleMs: 100 });
  const named = (byte: number): Bytes => new Uint8Array(SESSION_ID_BYTES).fill(byte);
  const runs = [codeOf(host.run(held(named(1), "one"))), codeOf(host.run(held(named(2), "one")))];
  expect(await codeOf(host.run(held(named(3), "one")))).toBe("ERR_SESSION_LIMIT");
  expect(await codeOf(host.run(held(named(1), "two")))).toBe("ERR_SESSION_ENDED");
  runs.push(codeOf(host.run(held(named(3), "two"))));
  expect(await codeOf(host.run(held(named(4), "three")))).toBe("ERR_SESSION_LIMIT");
  expect(host.open).toBe(3);
  await turn();
  timers.advance(100);
  expect(await Promise.all(runs)).toEqual(["ERR_TIMEOUT", "ERR_TIMEOUT", "ERR_TIMEOUT"]);
  expect(host.open).toBe(0);
  // For a while the reason is told, and the id is not taken again; then both are forgotten.
  expect(await codeOf(host.answer(said({ session: named(1) }), NEVER))).toBe("ERR_TIMEOUT");
  expect(await codeOf(host.run(held(named(1), "one")))).toBe("ERR_SESSION_ENDED");
  timers.advance(SESSION_MEMORY_MS);
  expect(await codeOf(host.answer(said({ session: named(1) }), NEVER))).toBe("ERR_SESSION_ENDED");
  expect(timers.due(Infinity)).toBe(0);
});

test("a session that has ended leaves no alarm but the one that forgets it, and a new connection takes the old one's place", async () => {
  const timers = new ManualTimers();
  const host = hostOf({ timers });
  const asked = host.run(held());
  const [hanging, far] = memoryWires();
  const replaced = Promise.withResolvers<void>();
  hanging.listen({ packet: () => {}, end: replaced.resolve });
  hanging.send(said({}));
  const attached = host.attach(far);
  const [next, nextFar] = memoryWires();
  next.listen({ packet: () => {}, end: () => {} });
  next.send(said({}));
  const other = host.attach(nextFar);
  await replaced.promise;
  await attached;
  const connect = memoryTo(host, () => ({}));
  expect(await connectSession(new BlocksRole(0, PLAN), { id: ID, connect, timers })).toBe(digestOf(PLAN));
  expect(await asked).toBe(digestOf(PLAN));
  await other;
  expect(timers.due(SESSION_MEMORY_MS - 1)).toBe(0);
  expect(timers.due(Infinity)).toBe(1);
});

test("a host that closes ends what it holds", async () => {
  const host = hostOf();
  const run = codeOf(host.run(held()));
  const waiting = codeOf(host.answer(said({ frames: framesFrom(0, 1) }), NEVER));
  host.close();
  expect(await run).toBe("ERR_CANCELLED");
  await waiting;
  expect(host.open).toBe(0);
  expect(await codeOf(host.answer(said({}), NEVER))).toBe("ERR_SESSION_ENDED");
  expect(await codeOf(host.run(held()))).toBe("ERR_CANCELLED");
});

test("connections that bring nothing end the session", async () => {
  const nobody = async (): Promise<Wire> => await openWebSocket(new URL("ws://127.0.0.1:9/"), NEVER);
  const role = new BlocksRole(0, PLAN);
  expect(await codeOf(connectSession(role, { id: ID, connect: nobody, reconnectMs: 0 }))).toBe("ERR_UNREACHABLE");
  const mute = async (): Promise<Wire> => {
    const [near, far] = memoryWires();
    far.close();
    return near;
  };
  expect(await codeOf(connectSession(role, { id: ID, connect: mute, reconnectMs: 0 }))).toBe("ERR_UNREACHABLE");
});

test.runIf(process.env["SLOW"] === "1")("a stream of half a gibibyte holds a few frames in memory", async () => {
  const plan: BlocksPlan = { asked: 512, answered: 1, blockBytes: MAX_SESSION_FRAME_BYTES };
  for (const name of Object.keys(WAYS)) {
    const host = hostOf();
    const run = await WAYS[name]?.({ host, track });
    const asked = host.run({ id: ID, role: new BlocksRole(1, plan), group: "one" });
    let peakBytes = 0;
    const role = new BlocksRole(0, plan);
    const measured: Session = {
      step: async (frame) => {
        peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers);
        return await role.step(frame);
      },
    };
    const before = process.memoryUsage().arrayBuffers;
    expect(await run?.(measured)).toBe(await asked);
    // Frames that were read are garbage until it is collected.
    expect(peakBytes - before).toBeLessThan(200 * 1_048_576);
  }
});
