/** Frames of private set intersection: round trips, bounds, canonical forms, malformed peers. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  concatBytes,
  countShift,
  CountNoise,
  CountPrivacy,
  decodePsiCardinalityAnswer,
  decodePsiCardinalityQuery,
  decodePsiIdsAnswer,
  decodePsiQuery,
  decodePsiFilter,
  ELEMENT_BYTES,
  encodePsiCardinalityAnswer,
  encodePsiCardinalityQuery,
  expectedAnswerItems,
  encodePsiIdsAnswer,
  encodePsiQuery,
  encodePsiFilter,
  isSluiceError,
  likelyCountError,
  MAX_COUNT_SHIFT,
  MAX_FRAME_BYTES,
  MAX_PSI_CARDINALITY_SET_ITEMS,
  maxPsiElements,
  maxPsiDeltaChanges,
  padPsiDelta,
  MAX_PSI_FILTER_SLOTS,
  PROOF_BYTES,
  MAX_PSI_IDS_SET_ITEMS,
  MAX_PSI_LIST_ITEMS,
  MIN_PSI_PADDED_ITEMS,
  OutputSpec,
  padPsiItems,
  PSI_TAG_BYTES,
  PsiParameters,
  PsiSnapshot,
  truncationDelta,
  type Bytes,
  type ErrorCode,
} from "../src/index.ts";

const HASH = "ab".repeat(32);
const SNAPSHOT = new Uint8Array(32).fill(7);
const PADDED = [16, 20, 24, 28, 32, 40, 64];

/** `count` distinct items of `itemBytes`, ascending, starting at `first`. */
function ascending(count: number, itemBytes: number, first = 0): Bytes {
  const items = new Uint8Array(count * itemBytes);
  const view = new DataView(items.buffer);
  for (let i = 0; i < count; i++) view.setUint32(i * itemBytes, first + i);
  return items;
}

function swapped(items: Bytes, itemBytes: number): Bytes {
  const [a, b, rest] = [
    items.subarray(0, itemBytes),
    items.subarray(itemBytes, 2 * itemBytes),
    items.subarray(2 * itemBytes),
  ];
  return concatBytes(b, a, rest);
}

function withCount(frame: Bytes, offset: number, count: number): Bytes {
  const changed = frame.slice();
  new DataView(changed.buffer).setUint32(offset, count);
  return changed;
}

const coded = (code: ErrorCode) => expect.toSatisfy((error) => isSluiceError(error, code));
const counts = fc.constantFrom(...PADDED);
const elements = counts.chain((count) =>
  fc.uint8Array({ minLength: count * ELEMENT_BYTES, maxLength: count * ELEMENT_BYTES }),
);
const sortedItems = (itemBytes: number) =>
  fc.tuple(counts, fc.nat({ max: 2 ** 31 })).map(([count, first]) => ascending(count, itemBytes, first));
const snapshots = fc.uint8Array({ minLength: 32, maxLength: 32 });

const query = encodePsiQuery({ snapshot: SNAPSHOT, elements: ascending(16, ELEMENT_BYTES) });
const proofs = new Uint8Array(PROOF_BYTES).fill(3);
const idsAnswer = encodePsiIdsAnswer({ elements: ascending(16, ELEMENT_BYTES), proofs });
const countQuery = encodePsiCardinalityQuery({
  snapshot: SNAPSHOT,
  base: ascending(1, ELEMENT_BYTES),
  elements: ascending(16, ELEMENT_BYTES),
});
const countAnswer = encodePsiCardinalityAnswer({
  elements: ascending(16, ELEMENT_BYTES),
  tags: ascending(16, PSI_TAG_BYTES),
});
const filter = encodePsiFilter({ slots: ascending(48, 4) });
const FRAMES: [string, Bytes, (bytes: Bytes) => unknown][] = [
  ["PsiQuery", query, decodePsiQuery],
  ["PsiCardinalityQuery", countQuery, decodePsiCardinalityQuery],
  ["PsiIdsAnswer", idsAnswer, decodePsiIdsAnswer],
  ["PsiCardinalityAnswer", countAnswer, decodePsiCardinalityAnswer],
  ["PsiFilter", filter, decodePsiFilter],
];

test("every query reads back as it was", () => {
  fc.assert(
    fc.property(snapshots, elements, (snapshot, elements) => {
      const message = { snapshot, elements };
      expect(decodePsiQuery(encodePsiQuery(message))).toEqual(message);
    }),
  );
});

test("every query for a count reads back as it was", () => {
  const bases = fc.uint8Array({ minLength: ELEMENT_BYTES, maxLength: ELEMENT_BYTES });
  fc.assert(
    fc.property(snapshots, bases, elements, (snapshot, base, elements) => {
      const message = { snapshot, base, elements };
      expect(decodePsiCardinalityQuery(encodePsiCardinalityQuery(message))).toEqual(message);
    }),
  );
});

test("every answer and every filter reads back as it was", () => {
  fc.assert(
    fc.property(elements, sortedItems(ELEMENT_BYTES), sortedItems(PSI_TAG_BYTES), (evaluated, sortedElements, tags) => {
      const answer = { elements: evaluated, proofs };
      expect(decodePsiIdsAnswer(encodePsiIdsAnswer(answer))).toEqual(answer);
      const message = { elements: sortedElements, tags };
      expect(decodePsiCardinalityAnswer(encodePsiCardinalityAnswer(message))).toEqual(message);
      expect(decodePsiFilter(encodePsiFilter({ slots: tags }))).toEqual({ slots: tags });
    }),
  );
});

test("a padded size is at least the count, at most a quarter more, and stays as it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: MIN_PSI_PADDED_ITEMS, max: MAX_PSI_IDS_SET_ITEMS }), (count) => {
      const padded = padPsiItems(count);
      expect(padded).toBeGreaterThanOrEqual(count);
      expect(padded).toBeLessThanOrEqual(count * 1.25);
      expect(padPsiItems(padded)).toBe(padded);
    }),
  );
  expect([0, 1, 15, 16, 17, 20, 21, 31, 32, 33].map(padPsiItems)).toEqual([16, 16, 16, 16, 20, 20, 24, 32, 32, 40]);
});

test("sets of up to three million entries show few sizes", () => {
  const sizes = new Set<number>();
  for (let size = 0; size <= MAX_PSI_IDS_SET_ITEMS; size = padPsiItems(size + 1)) sizes.add(padPsiItems(size));
  expect(sizes.size).toBe(17 * 4 + 3);
});

test("the largest messages fit into one frame", () => {
  expect([maxPsiElements("psi-ids"), maxPsiElements("psi-cardinality")]).toEqual([131_072, 65_536]);
  const noise = { epsilon: "0.05", budget: "5", shift: MAX_COUNT_SHIFT };
  const shown = { paddedItems: MAX_PSI_CARDINALITY_SET_ITEMS, noise };
  const answer = expectedAnswerItems(shown, maxPsiElements("psi-cardinality"));
  const tags = ascending(answer.tags, PSI_TAG_BYTES);
  const largest = encodePsiCardinalityAnswer({ elements: ascending(answer.elements, ELEMENT_BYTES), tags });
  expect(largest.length).toBeLessThan(MAX_FRAME_BYTES);
  expect(decodePsiCardinalityAnswer(largest).tags).toHaveLength(tags.length);
  const list = new Uint8Array(maxPsiElements("psi-ids") * ELEMENT_BYTES);
  const query = encodePsiQuery({ snapshot: SNAPSHOT, elements: list });
  expect(query.length).toBeLessThan(MAX_FRAME_BYTES);
  const proven = { elements: list, proofs: new Uint8Array(128 * PROOF_BYTES) };
  expect(decodePsiIdsAnswer(encodePsiIdsAnswer(proven))).toEqual(proven);
});

test("an answer has a proof for each 1,024 elements, no more and no fewer", () => {
  for (const [count, expected] of [
    [16, 1],
    [1_024, 1],
    [1_280, 2],
    [2_048, 2],
  ] as const) {
    const elements = new Uint8Array(count * ELEMENT_BYTES);
    for (const proofCount of [0, 1, 2, 3]) {
      const answer = { elements, proofs: new Uint8Array(proofCount * PROOF_BYTES) };
      if (proofCount === expected) expect(decodePsiIdsAnswer(encodePsiIdsAnswer(answer))).toEqual(answer);
      else expect(() => encodePsiIdsAnswer(answer)).toThrow(coded("ERR_FRAME_MALFORMED"));
    }
  }
  const more = concatBytes(idsAnswer, new Uint8Array(PROOF_BYTES));
  const at = 7 + 16 * ELEMENT_BYTES + 1;
  expect(() => decodePsiIdsAnswer(more.with(at, 2))).toThrow(coded("ERR_FRAME_MALFORMED"));
});

test("a filter has 3 to 4,194,304 whole slots", () => {
  for (const count of [0, 2, 2.5, MAX_PSI_FILTER_SLOTS + 1]) {
    expect(() => encodePsiFilter({ slots: new Uint8Array(count * 4) })).toThrow(coded("ERR_FRAME_MALFORMED"));
  }
  for (const count of [2, MAX_PSI_FILTER_SLOTS + 1, 2 ** 32 - 1]) {
    expect(() => decodePsiFilter(withCount(filter, 3, count))).toThrow(coded("ERR_FRAME_MALFORMED"));
  }
});

test("a delta shows steps of a 64th of its base, 256 at least, and has an eighth of it at most", () => {
  expect([0, 1, 256, 257].map((changes) => padPsiDelta(changes, 1_000))).toEqual([256, 256, 256, 512]);
  expect([1, 49_152, 49_153].map((changes) => padPsiDelta(changes, 3_000_000))).toEqual([49_152, 49_152, 98_304]);
  expect([1_000, 3_000_000].map(maxPsiDeltaChanges)).toEqual([256, 375_000]);
});

test("a list above the limit is refused as too long, before its elements are read", () => {
  const longer = padPsiItems(maxPsiElements("psi-ids") + 1);
  const elements = new Uint8Array(longer * ELEMENT_BYTES);
  expect(() => encodePsiQuery({ snapshot: SNAPSHOT, elements })).toThrow(coded("ERR_PSI_SET_TOO_LARGE"));
  for (const count of [longer, 2 ** 32 - 1]) {
    expect(() => decodePsiQuery(withCount(query, 35, count))).toThrow(
      `a set has more than ${MAX_PSI_LIST_ITEMS["psi-ids"]} distinct entries`,
    );
    expect(() => decodePsiIdsAnswer(withCount(idsAnswer, 3, count))).toThrow(coded("ERR_PSI_SET_TOO_LARGE"));
    expect(() => decodePsiCardinalityQuery(withCount(countQuery, 67, count))).toThrow(coded("ERR_PSI_SET_TOO_LARGE"));
    expect(() => decodePsiCardinalityAnswer(withCount(countAnswer, 3, count))).toThrow(coded("ERR_PSI_SET_TOO_LARGE"));
  }
  const shorter = padPsiItems(maxPsiElements("psi-cardinality") + 1);
  expect(() => decodePsiCardinalityQuery(withCount(countQuery, 67, shorter))).toThrow(coded("ERR_PSI_SET_TOO_LARGE"));
});

test("a number that is not a padded size is refused on both sides", () => {
  for (const count of [0, 1, 15, 17, 33]) {
    const elements = ascending(count, ELEMENT_BYTES);
    expect(() => encodePsiQuery({ snapshot: SNAPSHOT, elements })).toThrow(coded("ERR_FRAME_MALFORMED"));
    expect(() => encodePsiIdsAnswer({ elements, proofs })).toThrow(coded("ERR_FRAME_MALFORMED"));
    const frame = concatBytes(withCount(query, 35, count).subarray(0, 39), elements);
    expect(() => decodePsiQuery(frame)).toThrow(coded("ERR_FRAME_MALFORMED"));
  }
  expect(() => encodePsiIdsAnswer({ elements: new Uint8Array(16 * ELEMENT_BYTES + 1), proofs })).toThrow(
    coded("ERR_FRAME_MALFORMED"),
  );
});

test("items that are not strictly ascending are refused on both sides", () => {
  const sortedElements = ascending(16, ELEMENT_BYTES);
  const sortedTags = ascending(16, PSI_TAG_BYTES);
  const repeated = (items: Bytes, itemBytes: number) => concatBytes(items.subarray(itemBytes), items.slice(-itemBytes));
  for (const tags of [swapped(sortedTags, PSI_TAG_BYTES), repeated(sortedTags, PSI_TAG_BYTES)]) {
    expect(() => encodePsiCardinalityAnswer({ elements: sortedElements, tags })).toThrow(coded("ERR_FRAME_MALFORMED"));
    const frame = concatBytes(countAnswer.subarray(0, countAnswer.length - tags.length), tags);
    expect(() => decodePsiCardinalityAnswer(frame)).toThrow(coded("ERR_FRAME_MALFORMED"));
  }
  for (const elements of [swapped(sortedElements, ELEMENT_BYTES), repeated(sortedElements, ELEMENT_BYTES)]) {
    expect(() => encodePsiCardinalityAnswer({ elements, tags: sortedTags })).toThrow(coded("ERR_FRAME_MALFORMED"));
    const frame = concatBytes(countAnswer.subarray(0, 7), elements, countAnswer.subarray(7 + elements.length));
    expect(() => decodePsiCardinalityAnswer(frame)).toThrow(coded("ERR_FRAME_MALFORMED"));
  }
});

test.each(FRAMES)(
  "a %s that is cut, too long, of another version or of an unknown kind is malformed",
  (_, frame, decode) => {
    expect(() => decode(frame)).not.toThrow();
    for (const length of [0, 1, 2, 3, 6, 7, frame.length - 1]) {
      expect(() => decode(frame.slice(0, length))).toThrow(coded("ERR_FRAME_MALFORMED"));
    }
    const changed = [concatBytes(frame, Uint8Array.of(0)), frame.with(1, 2), frame.with(2, 0), frame.with(2, 3)];
    for (const bad of changed) expect(() => decode(bad)).toThrow(coded("ERR_FRAME_MALFORMED"));
  },
);

test.each(FRAMES)("bytes of any kind are a %s or a coded refusal", (_, frame, decode) => {
  const near = fc
    .array(fc.tuple(fc.nat({ max: frame.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
    .map((edits) => edits.reduce<Bytes>((bytes, [at, value]) => bytes.with(at, value), frame));
  fc.assert(
    fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 80 })), (bytes) => {
      try {
        decode(bytes);
      } catch (error) {
        expect(isSluiceError(error, "ERR_FRAME_MALFORMED", "ERR_PSI_SET_TOO_LARGE")).toBe(true);
      }
    }),
  );
});

test("an answer of one variant is not one of the other", () => {
  expect(() => decodePsiIdsAnswer(countAnswer)).toThrow(coded("ERR_FRAME_MALFORMED"));
  expect(() => decodePsiCardinalityAnswer(idsAnswer)).toThrow(coded("ERR_FRAME_MALFORMED"));
  expect(() => decodePsiFilter(countAnswer)).toThrow(coded("ERR_FRAME_MALFORMED"));
});

test("a snapshot states a padded size within the limit of its variant, and nothing else", () => {
  const noise = { epsilon: "0.5", budget: "5", shift: 39 };
  const padded = { paddedItems: MAX_PSI_CARDINALITY_SET_ITEMS, set: HASH };
  const parameters = { kind: "psi-cardinality", ...padded, noise } as const;
  const snapshot = {
    type: "psi-snapshot",
    domain: "health",
    product: "insured-list",
    version: 1,
    grant: HASH,
    purpose: "medical-aid",
    bundle: HASH,
    release: HASH,
    parameters,
    epoch: 1,
    sealKey: `x25519:${"A".repeat(43)}`,
    at: "2026-01-01T00:00:00.000Z",
  };
  expect(PsiSnapshot.parse(snapshot)).toEqual(snapshot);
  expect(PsiSnapshot.safeParse({ ...snapshot, rows: 3 }).success).toBe(false);
  const larger = padPsiItems(MAX_PSI_CARDINALITY_SET_ITEMS + 1);
  expect(PsiParameters.safeParse({ kind: "psi-cardinality", ...padded }).success).toBe(false);
  for (const paddedItems of [larger, 17, 8, 16.5]) {
    expect(PsiParameters.safeParse({ ...parameters, paddedItems }).success).toBe(false);
  }
  const base = { items: larger, slots: 2 ** 18, segmentLength: 2 ** 10, filterSeed: HASH, hash: HASH };
  const ids = { kind: "psi-ids", method: "filter", paddedItems: larger, oprfPublicKey: HASH, base };
  const delta = { ...base, items: 256, slots: 768, segmentLength: 64 };
  expect(PsiParameters.safeParse(ids).success).toBe(true);
  expect(PsiParameters.safeParse({ ...ids, delta: { added: delta, removed: delta } }).success).toBe(true);
  for (const bad of [
    { ...ids, method: "tags" },
    { ...ids, set: HASH },
    { ...ids, noise },
    { ...ids, paddedItems: 17, base: { ...base, items: 17 } },
    { ...ids, paddedItems: larger / 2 },
    { ...ids, paddedItems: 2 * MAX_PSI_IDS_SET_ITEMS, base: { ...base, items: 2 * MAX_PSI_IDS_SET_ITEMS } },
    { ...ids, base: { ...base, slots: base.items - 1 } },
    { ...ids, base: { ...base, slots: base.slots + 1 } },
    { ...ids, base: { ...base, segmentLength: 2 ** 17 } },
    { ...ids, base: { ...base, segmentLength: 3, slots: 3 * 2 ** 17 } },
    { ...ids, delta: { added: delta, removed: { ...delta, items: 512 } } },
    { ...ids, delta: { added: delta } },
  ]) {
    expect(PsiParameters.safeParse(bad).success).toBe(false);
  }
});

test("noise of counts is a decimal ε within its limits, a budget of one count at least, and a shift", () => {
  const noise = { epsilon: "0.5", budget: "5", shift: 39 };
  expect(CountNoise.safeParse(noise).success).toBe(true);
  for (const bad of [
    { epsilon: "0.04" },
    { epsilon: "2.1" },
    { epsilon: "1e0" },
    { epsilon: "0.0500001" },
    { budget: "0.4" },
    { budget: "20.1" },
    { shift: 0 },
    { shift: MAX_COUNT_SHIFT + 1 },
    { shift: 1.5 },
    { delta: 0 },
  ]) {
    expect(CountNoise.safeParse({ ...noise, ...bad }).success).toBe(false);
  }
  expect(CountPrivacy.safeParse(noise).success).toBe(false);
});

test("a job declares the noise of a set that is counted, and of no other", () => {
  const privacy = { epsilon: "1", budget: "10" };
  expect(OutputSpec.parse({ kind: "set", match: "psi-cardinality", privacy })).toMatchObject({ privacy });
  expect(OutputSpec.safeParse({ kind: "set", match: "psi-cardinality" }).success).toBe(true);
  expect(OutputSpec.safeParse({ kind: "set", match: "psi-ids", privacy }).success).toBe(false);
  const dear = { kind: "set", match: "psi-cardinality", privacy: { epsilon: "3", budget: "10" } };
  expect(OutputSpec.safeParse(dear).success).toBe(false);
});

test("the shift of a count is the least one whose δ is within the limit, and the likely error covers 19 of 20", () => {
  for (const epsilon of ["0.05", "0.5", "1", "2"]) {
    const shift = countShift(epsilon);
    expect(shift).toBeLessThanOrEqual(MAX_COUNT_SHIFT);
    const weights = Array.from({ length: 2 * shift + 1 }, (_, i) => Math.exp(-Number(epsilon) * Math.abs(i - shift)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    expect(truncationDelta(Number(epsilon), shift)).toBeCloseTo((weights[0] ?? 0) / total, 15);
    const within = (error: number): number =>
      weights.reduce((sum, weight, i) => sum + (Math.abs(i - shift) <= error ? weight / total : 0), 0);
    const likely = likelyCountError({ epsilon, shift });
    expect(within(likely)).toBeGreaterThanOrEqual(0.95);
    expect(within(likely - 1)).toBeLessThan(0.95);
  }
});
