/** Messages of calls of many messages: round trips and malformed peers. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeSessionMessage,
  decodeSessionOpening,
  decodeSessionPacket,
  decodeSessionReply,
  decodeSessionSummary,
  encodeSessionMessage,
  encodeSessionOpening,
  encodeSessionPacket,
  encodeSessionReply,
  encodeSessionSummary,
  isSluiceError,
  MAX_FRAME_BYTES,
  type Bytes,
  type SessionPacket,
} from "../src/index.ts";

const HASH = new Uint8Array(32).fill(3);
const PACKET: SessionPacket = {
  session: HASH.subarray(16),
  state: "open",
  next: 2,
  room: 8,
  frames: [{ number: 1, frame: HASH }],
};
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const sealed = fc.uint8Array({ maxLength: 60 });
const uint32 = fc.nat(2 ** 32 - 1);
const malformed = expect.objectContaining({ code: "ERR_FRAME_MALFORMED" });

test("openings, messages, replies and summaries are what was encoded", () => {
  const counts = fc.maxSafeNat();
  fc.assert(
    fc.property(hash, uint32, sealed, counts, counts, (digest, number, content, callerBytes, domainBytes) => {
      const opening = { snapshot: digest, items: number };
      expect(decodeSessionOpening(encodeSessionOpening(opening))).toEqual(opening);
      const message = { number, sealed: content };
      expect(decodeSessionMessage(encodeSessionMessage(message))).toEqual(message);
      const reply = { sealed: content, answer: null };
      expect(decodeSessionReply(encodeSessionReply(reply))).toEqual(reply);
      const summary = { items: number, callerBytes, domainBytes, digest };
      expect(decodeSessionSummary(encodeSessionSummary(summary))).toEqual(summary);
    }),
  );
});

test("each has the bytes of its struct", () => {
  expect([...encodeSessionOpening({ snapshot: HASH, items: 258 })]).toEqual([0, 1, ...HASH, 0, 0, 1, 2]);
  expect([...encodeSessionMessage({ number: 3, sealed: Uint8Array.of(9) })]).toEqual([0, 1, 0, 0, 0, 3, 0, 0, 1, 9]);
  expect([...encodeSessionReply({ sealed: Uint8Array.of(9), answer: null })]).toEqual([0, 1, 0, 0, 1, 9, 0, 0, 0]);
  const summary = { items: 1, callerBytes: 2 ** 32 + 5, domainBytes: 7, digest: HASH };
  const counts = [0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7];
  expect([...encodeSessionSummary(summary)]).toEqual([0, 1, 0, 0, 0, 1, ...counts, ...HASH]);
});

test("what is cut, has bytes left over, or is of another version is malformed", () => {
  const every: [Bytes, (bytes: Bytes) => unknown][] = [
    [encodeSessionOpening({ snapshot: HASH, items: 16 }), decodeSessionOpening],
    [encodeSessionMessage({ number: 3, sealed: HASH }), decodeSessionMessage],
    [encodeSessionReply({ sealed: HASH, answer: null }), decodeSessionReply],
    [encodeSessionSummary({ items: 1, callerBytes: 2, domainBytes: 3, digest: HASH }), decodeSessionSummary],
  ];
  for (const [bytes, decode] of every) {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decode(bytes.subarray(0, length))).toThrow(malformed);
    }
    expect(() => decode(new Uint8Array([...bytes, 0]))).toThrow(malformed);
    expect(() => decode(new Uint8Array([0, 2, ...bytes.subarray(2)]))).toThrow(malformed);
  }
  const beyond = encodeSessionSummary({ items: 1, callerBytes: 0, domainBytes: 0, digest: HASH });
  beyond[6] = 1;
  expect(() => decodeSessionSummary(beyond)).toThrow(malformed);
  const envelope = encodeSessionReply({ sealed: HASH, answer: null });
  expect(() => decodeSessionReply(new Uint8Array([...envelope.subarray(0, -1), 1, 7]))).toThrow(malformed);
});

test("bytes of any kind are a message or a coded refusal", () => {
  const whole: [Bytes, (bytes: Bytes) => unknown][] = [
    [encodeSessionOpening({ snapshot: HASH, items: 16 }), decodeSessionOpening],
    [encodeSessionMessage({ number: 3, sealed: HASH }), decodeSessionMessage],
    [encodeSessionReply({ sealed: HASH, answer: null }), decodeSessionReply],
    [encodeSessionSummary({ items: 1, callerBytes: 2, domainBytes: 3, digest: HASH }), decodeSessionSummary],
    [encodeSessionPacket(PACKET), decodeSessionPacket],
  ];
  for (const [bytes, decode] of whole) {
    const edit = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }));
    const near = fc
      .array(edit, { minLength: 1, maxLength: 4 })
      .map((edits) => edits.reduce<Bytes>((changed, [at, value]) => changed.with(at, value), bytes));
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 80 })), (changed) => {
        try {
          decode(changed);
        } catch (error) {
          expect(isSluiceError(error, "ERR_FRAME_MALFORMED", "ERR_FRAME_TOO_LARGE")).toBe(true);
        }
      }),
    );
  }
});

test("a side cannot say what its peer would refuse", () => {
  const large = new Uint8Array(MAX_FRAME_BYTES + 1);
  const tooLarge = expect.objectContaining({ code: "ERR_FRAME_TOO_LARGE" });
  expect(() => encodeSessionMessage({ number: 0, sealed: large })).toThrow(tooLarge);
  expect(() => encodeSessionReply({ sealed: large, answer: null })).toThrow(tooLarge);
  expect(() => encodeSessionOpening({ snapshot: HASH.subarray(1), items: 1 })).toThrow(malformed);
  const summary = { items: 1, callerBytes: 0, domainBytes: 0, digest: HASH.subarray(1) };
  expect(() => encodeSessionSummary(summary)).toThrow(malformed);
});
