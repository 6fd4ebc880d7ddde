/** Frames of hidden selections: what is written is read, and what does not hold is refused. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  allowedTotals,
  decodeSelection,
  decodeSelectionRequest,
  decodeSelectionSums,
  encodeSelection,
  encodeSelectionRequest,
  encodeSelectionSums,
  type Bytes,
} from "../src/index.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const proof = (n: number) =>
  fc.record({ commitments: bytes(64 * n), challenges: bytes(32 * (n - 1)), responses: bytes(32 * n) });
const selections = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 })).chain(([groups, totals]) =>
  fc.record({
    statement: bytes(32),
    publicKey: bytes(32),
    ciphertexts: fc.array(bytes(64), { minLength: groups, maxLength: groups }),
    proofs: fc.array(proof(2), { minLength: groups, maxLength: groups }),
    total: proof(totals),
  }),
);
const measures = fc
  .uniqueArray(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 16 })
  .map((list) => list.toSorted((a, b) => a - b));
const subject = { commitment: bytes(32), epoch: fc.constantFrom("a", "2026-10", "x".repeat(64)) };
const requests = fc.record({ ...subject, measures });
const sums = measures.chain((list) =>
  fc.record({
    ...subject,
    measures: fc.constant(list),
    sums: fc.array(bytes(64), { minLength: list.length, maxLength: list.length }),
  }),
);

test("each message is read as it was written, and no prefix, addition or other kind is", () => {
  const check = <T>(arbitrary: fc.Arbitrary<T>, encode: (value: T) => Bytes, decode: (frame: Bytes) => T) => {
    fc.assert(
      fc.property(arbitrary, fc.nat(), (value, cut) => {
        const frame = encode(value);
        expect(decode(frame)).toEqual(value);
        expect(() => decode(frame.subarray(0, cut % frame.length))).toThrow(MALFORMED);
        expect(() => decode(Uint8Array.of(...frame, 0))).toThrow(MALFORMED);
        expect(() => decode(Uint8Array.of(0, 1, ((frame[2] ?? 0) % 3) + 1, ...frame.subarray(3)))).toThrow(MALFORMED);
        expect(() => decode(Uint8Array.of(0, 2, ...frame.subarray(2)))).toThrow(MALFORMED);
      }),
      { numRuns: 30 },
    );
  };
  check(selections, encodeSelection, decodeSelection);
  check(requests, encodeSelectionRequest, decodeSelectionRequest);
  check(sums, encodeSelectionSums, decodeSelectionSums);
});

const MALFORMED = expect.objectContaining({ code: "ERR_FRAME_MALFORMED" });

test("counts, lengths, names and orders that do not hold are refused, written or read", () => {
  const commitment = new Uint8Array(32);
  const proofOf = (n: number) => ({
    commitments: new Uint8Array(64 * n),
    challenges: new Uint8Array(32 * Math.max(0, n - 1)),
    responses: new Uint8Array(32 * n),
  });
  const selection = {
    statement: commitment,
    publicKey: commitment,
    ciphertexts: [new Uint8Array(64)],
    proofs: [proofOf(2)],
    total: proofOf(3),
  };
  for (const change of [
    { statement: new Uint8Array(31) },
    { ciphertexts: [], proofs: [] },
    { ciphertexts: [new Uint8Array(63)] },
    { proofs: [] },
    { proofs: [proofOf(3)] },
    { total: proofOf(0) },
    { total: proofOf(1_025) },
    { total: { ...proofOf(2), responses: new Uint8Array(33) } },
  ]) {
    expect(() => encodeSelection({ ...selection, ...change })).toThrow(MALFORMED);
  }
  const none = encodeSelection(selection);
  none.set([0, 0], 67);
  expect(() => decodeSelection(none)).toThrow(MALFORMED);
  const many = encodeSelection(selection);
  many.set([4, 1], 67);
  expect(() => decodeSelection(many)).toThrow(MALFORMED);

  const request = { commitment, epoch: "now", measures: [0, 1] };
  for (const change of [
    { measures: [] },
    { measures: [1, 0] },
    { measures: [1, 1] },
    { measures: [16] },
    { epoch: "Now" },
    { epoch: "" },
    { commitment: new Uint8Array(33) },
  ]) {
    expect(() => encodeSelectionRequest({ ...request, ...change })).toThrow(MALFORMED);
    const sent = [new Uint8Array(64), new Uint8Array(64)].slice(0, (change.measures ?? request.measures).length);
    expect(() => encodeSelectionSums({ ...request, sums: sent, ...change })).toThrow(MALFORMED);
  }
  expect(() => encodeSelectionSums({ ...request, sums: [new Uint8Array(64)] })).toThrow(MALFORMED);
  const frame = encodeSelectionRequest(request);
  expect(() => decodeSelectionRequest(frame.with(36, 0xff))).toThrow(MALFORMED);
  expect(() => decodeSelectionRequest(frame.with(frame.length - 1, 0))).toThrow(MALFORMED);
});

test("a selection has enough groups and leaves as many out, or none", () => {
  const groups = (count: number) => Array.from({ length: count }, (_, i) => String(i));
  expect(allowedTotals({ groups: groups(7), minimumGroups: 2 })).toEqual([2, 3, 4, 5, 7]);
  expect(allowedTotals({ groups: groups(4), minimumGroups: 2 })).toEqual([2, 4]);
});
