/** Frames of join-and-sum: round trips, and what is refused. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../src/bytes.ts";
import {
  decodeJoinSumAnswer,
  decodeJoinSumBlock,
  decodeJoinSumItems,
  decodeJoinSumMasked,
  decodeJoinSumOpen,
  decodeJoinSumZero,
  encodeJoinSumAnswer,
  encodeJoinSumBlock,
  encodeJoinSumItems,
  encodeJoinSumMasked,
  encodeJoinSumOpen,
  encodeJoinSumZero,
  JOIN_SUM_POLYNOMIAL_BYTES,
  JoinSumTerms,
  MAX_JOIN_SUM_FRAME_ITEMS,
  MAX_JOIN_SUM_LIST_ITEMS,
} from "../src/join-sum.ts";
import { MAX_SESSION_FRAME_BYTES } from "../src/limits.ts";
import { padPsiItems } from "../src/psi-sizes.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Long ones are of one byte: what matters is where they are. */
const long = (length: number) => fc.nat(255).map((byte) => new Uint8Array(length).fill(byte));
const session = bytes(16);
const seeded = fc.record({ seed: bytes(64), c0: long(JOIN_SUM_POLYNOMIAL_BYTES) });
const limb = fc.nat(1);
const items = (itemBytes: number) =>
  fc
    .integer({ min: 1, max: 40 })
    .chain((count) => fc.record({ session, first: fc.nat(2 ** 32 - 1), items: bytes(count * itemBytes) }));
const TYPES = [
  ["elements", 32],
  ["tags", 12],
  ["listed", 32],
] as const;

function roundTrips<T>(values: fc.Arbitrary<T>, encode: (value: T) => Bytes, decode: (frame: Bytes) => unknown): void {
  fc.assert(
    fc.property(values, (value) => {
      const frame = encode(value);
      expect(frame.length).toBeLessThanOrEqual(MAX_SESSION_FRAME_BYTES);
      expect(decode(frame)).toEqual(value);
    }),
    { numRuns: 20 },
  );
}

test("frames come back as they were", () => {
  const padded = fc.integer({ min: 1, max: MAX_JOIN_SUM_LIST_ITEMS }).map(padPsiItems);
  const open = fc.record({ session, snapshot: bytes(32), base: bytes(32), items: padded });
  roundTrips(open, encodeJoinSumOpen, decodeJoinSumOpen);
  for (const [type, itemBytes] of TYPES) {
    roundTrips(
      items(itemBytes),
      (value) => encodeJoinSumItems(type, value),
      (frame) => decodeJoinSumItems(type, frame),
    );
  }
  roundTrips(fc.record({ session, zero: seeded }), encodeJoinSumZero, decodeJoinSumZero);
  const block = fc.record({ session, block: fc.nat(65_535), limb, values: seeded });
  roundTrips(block, encodeJoinSumBlock, decodeJoinSumBlock);
  const sum = fc.record({ c0: bytes(16), c1: long(JOIN_SUM_POLYNOMIAL_BYTES) });
  roundTrips(fc.record({ session, matches: fc.nat(66_336), limb, sum }), encodeJoinSumMasked, decodeJoinSumMasked);
  const sums = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 2 });
  roundTrips(fc.record({ session, sums }), encodeJoinSumAnswer, decodeJoinSumAnswer);
});

const SESSION = new Uint8Array(16).fill(1);
const POLYNOMIAL = new Uint8Array(JOIN_SUM_POLYNOMIAL_BYTES);
const SEEDED = { seed: new Uint8Array(64), c0: POLYNOMIAL };
const SUM = { c0: new Uint8Array(16), c1: POLYNOMIAL };
const FRAMES: [string, Bytes, (frame: Bytes) => unknown][] = [
  [
    "open",
    encodeJoinSumOpen({ session: SESSION, snapshot: new Uint8Array(32), base: new Uint8Array(32), items: 16 }),
    decodeJoinSumOpen,
  ],
  ...TYPES.map(([type, itemBytes]): [string, Bytes, (frame: Bytes) => unknown] => [
    type,
    encodeJoinSumItems(type, { session: SESSION, first: 0, items: new Uint8Array(3 * itemBytes) }),
    (frame) => decodeJoinSumItems(type, frame),
  ]),
  ["zero", encodeJoinSumZero({ session: SESSION, zero: SEEDED }), decodeJoinSumZero],
  ["block", encodeJoinSumBlock({ session: SESSION, block: 0, limb: 1, values: SEEDED }), decodeJoinSumBlock],
  ["masked", encodeJoinSumMasked({ session: SESSION, matches: 9, limb: 0, sum: SUM }), decodeJoinSumMasked],
  ["answer", encodeJoinSumAnswer({ session: SESSION, sums: [7n] }), decodeJoinSumAnswer],
];
const MALFORMED = expect.objectContaining({ code: "ERR_FRAME_MALFORMED" });

test.each(FRAMES)("%s: cut short, too long, of another version or type", (_, frame, decode) => {
  for (const bad of [frame.subarray(0, -1), frame.subarray(0, 18), new Uint8Array([...frame, 0]), new Uint8Array(0)]) {
    expect(() => decode(bad)).toThrow(MALFORMED);
  }
  for (const at of [1, 2]) expect(() => decode(frame.with(at, 99))).toThrow(MALFORMED);
  expect(() => decode(new Uint8Array(MAX_SESSION_FRAME_BYTES + 1))).toThrow(
    expect.objectContaining({ code: "ERR_FRAME_TOO_LARGE" }),
  );
});

test("sizes, counts and parts out of range are refused, by who writes and by who reads", () => {
  const open = { session: SESSION, snapshot: new Uint8Array(32), base: new Uint8Array(32), items: 16 };
  expect(() => encodeJoinSumOpen({ ...open, items: 17 })).toThrow(MALFORMED);
  expect(() => encodeJoinSumOpen({ ...open, session: SESSION.subarray(1) })).toThrow(MALFORMED);
  const tooLarge = expect.objectContaining({ code: "ERR_PSI_SET_TOO_LARGE" });
  expect(() => encodeJoinSumOpen({ ...open, items: 81_920 })).toThrow(tooLarge);
  const longer = encodeJoinSumOpen(open).with(84, 9);
  expect(() => decodeJoinSumOpen(longer)).toThrow(tooLarge);
  for (const count of [0, 0.5, MAX_JOIN_SUM_FRAME_ITEMS + 1]) {
    const tags = { session: SESSION, first: 0, items: new Uint8Array(count * 12) };
    expect(() => encodeJoinSumItems("tags", tags)).toThrow(MALFORMED);
  }
  expect(() => encodeJoinSumBlock({ session: SESSION, block: 0, limb: 2, values: SEEDED })).toThrow(MALFORMED);
  expect(() => encodeJoinSumMasked({ session: SESSION, matches: 66_337, limb: 0, sum: SUM })).toThrow(MALFORMED);
  expect(() => encodeJoinSumAnswer({ session: SESSION, sums: [1n, 2n, 3n] })).toThrow(MALFORMED);
  const answer = encodeJoinSumAnswer({ session: SESSION, sums: [] });
  expect(() => decodeJoinSumAnswer(answer.with(19, 3))).toThrow(MALFORMED);
  expect(() => decodeJoinSumAnswer(answer.with(35, 3))).toThrow(MALFORMED);
});

test("an answer without a sum is as long as one with two parts", () => {
  const lengths = [[], [1n], [1n, 2n]].map((sums) => encodeJoinSumAnswer({ session: SESSION, sums }).length);
  expect(new Set(lengths).size).toBe(1);
});

test("terms have a bound, a minimum and a padded size", () => {
  const terms = { paddedItems: 16, bound: 5, minimum: 5, noise: { epsilon: "0.5", budget: "5", shift: 39 } };
  expect(JoinSumTerms.parse(terms)).toEqual(terms);
  for (const bad of [{ paddedItems: 17 }, { bound: 0 }, { bound: 2 ** 53 }, { minimum: 0 }, { bound: 1.5 }]) {
    expect(JoinSumTerms.safeParse({ ...terms, ...bad }).success).toBe(false);
  }
});
