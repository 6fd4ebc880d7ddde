/** Frames of hidden selections: what is written is read, and what does not hold is refused. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  allowedTotals,
  decodeSelection,
  decodeSelectionCall,
  decodeSelectionRegistered,
  decodeSelectionRegistration,
  decodeSelectionRequest,
  decodeSelectionSums,
  encodeSelection,
  encodeSelectionCall,
  encodeSelectionRegistered,
  encodeSelectionRegistration,
  encodeSelectionRequest,
  encodeSelectionSums,
  HiddenSelectionSpec,
  isSelectionRegistration,
  planSelection,
  selectionCost,
  SelectionTerms,
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
        expect(() => decode(Uint8Array.of(0, 1, ((frame[2] ?? 0) % 6) + 1, ...frame.subarray(3)))).toThrow(MALFORMED);
        expect(() => decode(Uint8Array.of(0, 2, ...frame.subarray(2)))).toThrow(MALFORMED);
      }),
      { numRuns: 30 },
    );
  };
  check(selections, encodeSelection, decodeSelection);
  check(requests, encodeSelectionRequest, decodeSelectionRequest);
  check(sums, encodeSelectionSums, decodeSelectionSums);
  const snapshot = bytes(32);
  const registration = fc.record({ snapshot, commitment: bytes(32) });
  check(registration, encodeSelectionRegistration, decodeSelectionRegistration);
  const count = fc.nat({ max: 65_535 });
  check(
    fc.record({ commitment: bytes(32), used: count, most: count }),
    encodeSelectionRegistered,
    decodeSelectionRegistered,
  );
  const part = fc.uint8Array({ maxLength: 200 });
  check(fc.record({ snapshot, selection: part, request: part }), encodeSelectionCall, decodeSelectionCall);
});

test("a registration is told from a call, and a call is no larger than the largest selection", () => {
  const hash = new Uint8Array(32);
  const frame = encodeSelectionRegistration({ snapshot: hash, commitment: hash });
  expect(isSelectionRegistration(frame)).toBe(true);
  const call = { snapshot: hash, selection: hash, request: hash };
  expect(isSelectionRegistration(encodeSelectionCall(call))).toBe(false);
  expect(() => encodeSelectionCall({ ...call, selection: new Uint8Array(2 ** 19) })).toThrow(
    expect.objectContaining({ code: "ERR_FRAME_TOO_LARGE" }),
  );
  expect(() => encodeSelectionCall({ ...call, snapshot: hash.subarray(1) })).toThrow(MALFORMED);
});

const SPEC: HiddenSelectionSpec = {
  kind: "hidden-selection",
  dimensions: [
    { name: "sex", field: "sex", levels: ["f", "m"], values: { female: 0, male: 1 } },
    { name: "age", field: "age", levels: ["young", "old"], breaks: [40] },
  ],
  minimumGroups: 2,
  contribution: { rows: 12, groups: 1 },
  rows: { epsilon: "0.5", most: 50_000 },
  measures: [{ name: "fees", field: "fees", min: -20, max: 99.995, digits: 2, epsilon: "0.3", most: 1_000_000 }],
};

test("parameters follow from the declaration: noise that costs no more than declared, place for it, k from the policy", () => {
  const parameters = planSelection(SPEC, "costs", 11);
  expect(parameters.groups).toEqual(["f/young", "f/old", "m/young", "m/old"]);
  expect(parameters.minimumRows).toBe(11);
  expect(planSelection(SPEC, "costs", 2).minimumRows).toBe(5);
  // 12 rows of one person at ε = 0.5; 12 × 99.99 in units of 0.01, at ε = 0.3.
  expect(parameters.measures).toEqual([
    { name: "rows", subjectBound: 12, noiseScale: 24, bound: 50_000 + 64 * 24 },
    { name: "fees", subjectBound: 119_988, noiseScale: 399_960, bound: 100_000_000 + 64 * 399_960 },
  ]);
  expect(parameters.measures.map(selectionCost)).toEqual([500_000, 300_000]);
});

test("a declaration that plans nothing whole is refused, and so are terms of a grant beyond their limits", () => {
  const fits = (change: object): boolean => HiddenSelectionSpec.safeParse({ ...SPEC, ...change }).success;
  const [measure] = SPEC.measures;
  expect(fits({})).toBe(true);
  expect(fits({ minimumGroups: 1 })).toBe(false);
  expect(fits({ minimumGroups: 3 })).toBe(false);
  expect(fits({ dimensions: SPEC.dimensions.slice(1) })).toBe(false);
  expect(fits({ dimensions: [SPEC.dimensions[0], SPEC.dimensions[0]] })).toBe(false);
  expect(fits({ measures: [measure, measure] })).toBe(false);
  expect(fits({ measures: [{ ...measure, name: "rows" }] })).toBe(false);
  expect(fits({ measures: [{ ...measure, most: 2 ** 39 }] })).toBe(false);
  expect(fits({ measures: [{ ...measure, min: 100 }] })).toBe(false);
  for (const epsilon of ["0", "0.009", "2.1", "1e1", "Infinity"]) {
    expect(fits({ rows: { epsilon, most: 100 } })).toBe(false);
  }
  for (const most of [0, -1, Number.NaN, Infinity]) expect(fits({ rows: { epsilon: "1", most } })).toBe(false);
  expect(SelectionTerms.safeParse({ most: 3, epsilon: "20" }).success).toBe(true);
  for (const terms of [
    { most: 0, epsilon: "1" },
    { most: 65, epsilon: "1" },
    { most: 1, epsilon: "20.1" },
  ]) {
    expect(SelectionTerms.safeParse(terms).success).toBe(false);
  }
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
