/** Packets of sessions: round trips, bounds, malformed peers. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeSessionPacket,
  encodeSessionPacket,
  isSluiceError,
  MAX_FRAME_BYTES,
  MAX_SESSION_FRAME_BYTES,
  MAX_SESSION_FRAMES_IN_FLIGHT,
  MAX_SESSION_PACKET_BYTES,
  SESSION_ID_BYTES,
  SESSION_STATES,
  type Bytes,
  type SessionPacket,
} from "../src/index.ts";

const SESSION = new Uint8Array(SESSION_ID_BYTES).fill(9);
const EMPTY: SessionPacket = { session: SESSION, state: "open", next: 0, room: 8, frames: [] };

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return isSluiceError(error) ? error.code : String(error);
  }
}

test("a packet is what was encoded", () => {
  const packets = fc.record({
    session: fc.uint8Array({ minLength: SESSION_ID_BYTES, maxLength: SESSION_ID_BYTES }),
    state: fc.constantFrom(...SESSION_STATES),
    next: fc.nat(2 ** 31),
    room: fc.nat(MAX_SESSION_FRAMES_IN_FLIGHT),
    first: fc.nat(2 ** 31),
    frames: fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: MAX_SESSION_FRAMES_IN_FLIGHT }),
  });
  fc.assert(
    fc.property(packets, ({ first, frames, ...rest }) => {
      const packet = { ...rest, frames: frames.map((frame, index) => ({ number: first + index, frame })) };
      expect(decodeSessionPacket(encodeSessionPacket(packet))).toEqual(packet);
    }),
  );
});

test("a packet has the bytes of its struct, and the largest fits in a sealed frame", () => {
  const frames = [3, 4].map((number) => ({ number, frame: Uint8Array.of(number) }));
  const bytes = encodeSessionPacket({ ...EMPTY, state: "ended", next: 258, room: 5, frames });
  const head = [0, 1, ...SESSION, 1, 0, 0, 1, 2, 5, 0, 0, 0, 3, 2];
  expect([...bytes]).toEqual([...head, 0, 0, 1, 3, 0, 0, 1, 4]);
  const whole = new Uint8Array(MAX_SESSION_FRAME_BYTES).fill(1);
  const most = Array.from({ length: MAX_SESSION_FRAMES_IN_FLIGHT }, (_, number) => ({ number, frame: whole }));
  expect(encodeSessionPacket({ ...EMPTY, frames: most }).length).toBe(MAX_SESSION_PACKET_BYTES);
  expect(MAX_SESSION_PACKET_BYTES).toBeLessThan(MAX_FRAME_BYTES / 1.5);
});

test("what is cut, has bytes left over, or is beyond a bound is malformed", () => {
  const bytes = encodeSessionPacket({ ...EMPTY, frames: [{ number: 0, frame: SESSION }] });
  for (let length = 0; length < bytes.length; length++) {
    expect(codeOf(() => decodeSessionPacket(bytes.subarray(0, length)))).toBe("ERR_FRAME_MALFORMED");
  }
  const altered = (at: number, ...values: number[]): Bytes => {
    const copy = new Uint8Array(bytes);
    copy.set(values, at);
    return copy;
  };
  const bad: Record<string, Bytes> = {
    "bytes left over": new Uint8Array([...bytes, 0]),
    "another version": altered(1, 2),
    "a state that is none": altered(18, 3),
    "room beyond the limit": altered(23, MAX_SESSION_FRAMES_IN_FLIGHT + 1),
    "more frames than may be in flight": altered(28, MAX_SESSION_FRAMES_IN_FLIGHT + 1),
    "numbers beyond 2^32": altered(24, 255, 255, 255, 255),
    "an empty frame": altered(29, 0, 0, 0).subarray(0, 32),
    "a number without a frame": altered(24, 0, 0, 0, 1, 0).subarray(0, 29),
  };
  for (const [name, frame] of Object.entries(bad)) {
    expect([name, codeOf(() => decodeSessionPacket(frame))]).toEqual([name, "ERR_FRAME_MALFORMED"]);
  }
  expect(codeOf(() => decodeSessionPacket(altered(29, 0x10, 0, 1)))).toBe("ERR_FRAME_TOO_LARGE");
  const long = new Uint8Array(MAX_SESSION_PACKET_BYTES + 1);
  expect(codeOf(() => decodeSessionPacket(long))).toBe("ERR_FRAME_TOO_LARGE");
});

test("a side cannot say what its peer would refuse", () => {
  const frame = Uint8Array.of(1);
  const bad: SessionPacket[] = [
    { ...EMPTY, session: SESSION.subarray(1) },
    { ...EMPTY, room: MAX_SESSION_FRAMES_IN_FLIGHT + 1 },
    { ...EMPTY, frames: [{ number: 0, frame: new Uint8Array() }] },
    {
      ...EMPTY,
      frames: [
        { number: 0, frame },
        { number: 2, frame },
      ],
    },
  ];
  for (const packet of bad) expect(codeOf(() => encodeSessionPacket(packet))).toBe("ERR_FRAME_MALFORMED");
  const large = { number: 0, frame: new Uint8Array(MAX_SESSION_FRAME_BYTES + 1) };
  expect(codeOf(() => encodeSessionPacket({ ...EMPTY, frames: [large] }))).toBe("ERR_FRAME_TOO_LARGE");
});
