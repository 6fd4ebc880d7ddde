/** Frames of set intersection by transfers: round trips, bounds, malformed peers. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  columnsPerFrame,
  concatBytes,
  decodePsiTransferAnswers,
  decodePsiTransferCheck,
  decodePsiTransferChoices,
  decodePsiTransferOpen,
  decodePsiTransferRows,
  decodePsiTransferTags,
  encodePsiTransferAnswers,
  encodePsiTransferCheck,
  encodePsiTransferChoices,
  encodePsiTransferOpen,
  encodePsiTransferRows,
  encodePsiTransferTags,
  isSluiceError,
  MAX_PSI_TRANSFER_FRAME_TAGS,
  MAX_PSI_TRANSFER_ITEMS,
  MAX_SESSION_FRAME_BYTES,
  MIN_PSI_TRANSFER_LIST_ITEMS,
  padPsiItems,
  padPsiTransferList,
  PSI_TRANSFER_COLUMNS,
  type Bytes,
  type ErrorCode,
} from "../src/index.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const filled = (length: number, value = 7) => new Uint8Array(length).fill(value);
const items = fc
  .nat({ max: MAX_PSI_TRANSFER_ITEMS })
  .map((count) => Math.min(padPsiItems(count), MAX_PSI_TRANSFER_ITEMS));
const session = bytes(16);
const coded = (...codes: ErrorCode[]) => expect.toSatisfy((error) => isSluiceError(error, ...codes));
/** Long fields in few runs: their bytes are only carried. */
const long = (length: number) => fc.nat({ max: 255 }).map((value) => filled(length, value));

const open = { snapshot: filled(32), commitment: filled(32, 1), items: 1_024 };
const choices = { session: filled(16), nonce: filled(32), items: 16, pairs: filled(2 * 624 * 32) };
const answers = { session: filled(16), opening: filled(32), answers: filled(624 * 32) };
const rows = { session: filled(16), bin: 1, first: 600, columnBytes: 16, columns: filled(24 * 16) };
const check = { session: filled(16), bin: 1, sums: filled(128 * 78), messages: filled(128 * 17) };
const tags = { session: filled(16), bin: 1, first: 5, tags: filled(12 * 3) };
const FRAMES: [string, Bytes, (bytes: Bytes) => unknown][] = [
  ["PsiTransferOpen", encodePsiTransferOpen(open), decodePsiTransferOpen],
  ["PsiTransferChoices", encodePsiTransferChoices(choices), decodePsiTransferChoices],
  ["PsiTransferAnswers", encodePsiTransferAnswers(answers), decodePsiTransferAnswers],
  ["PsiTransferRows", encodePsiTransferRows(rows), decodePsiTransferRows],
  ["PsiTransferCheck", encodePsiTransferCheck(check), decodePsiTransferCheck],
  ["PsiTransferTags", encodePsiTransferTags(tags), decodePsiTransferTags],
];

test("every frame reads back as it was", () => {
  const run = <T>(message: fc.Arbitrary<T>, encode: (message: T) => Bytes, decode: (bytes: Bytes) => T) =>
    fc.assert(
      fc.property(message, (each) => {
        expect(decode(encode(each))).toEqual(each);
      }),
      { numRuns: 20 },
    );
  const listItems = items.map((count) => Math.max(count, MIN_PSI_TRANSFER_LIST_ITEMS));
  run(
    fc.record({ snapshot: bytes(32), commitment: bytes(32), items: listItems }),
    encodePsiTransferOpen,
    decodePsiTransferOpen,
  );
  const pairs = long(2 * 624 * 32);
  run(fc.record({ session, nonce: bytes(32), items, pairs }), encodePsiTransferChoices, decodePsiTransferChoices);
  const answer = fc.record({ session, opening: bytes(32), answers: long(624 * 32) });
  run(answer, encodePsiTransferAnswers, decodePsiTransferAnswers);
  const part = fc
    .tuple(session, fc.nat(), fc.nat({ max: 623 }), fc.integer({ min: 1, max: 64 }))
    .chain(([id, bin, first, columnBytes]) =>
      fc
        .integer({ min: 1, max: PSI_TRANSFER_COLUMNS - first })
        .chain((count) =>
          long(count * columnBytes).map((columns) => ({ session: id, bin, first, columnBytes, columns })),
        ),
    );
  run(part, encodePsiTransferRows, decodePsiTransferRows);
  const opened = fc.record({ session, bin: fc.nat(), sums: long(128 * 78), messages: long(128 * 17) });
  run(opened, encodePsiTransferCheck, decodePsiTransferCheck);
  const some = fc.integer({ min: 1, max: 200 }).chain((count) => bytes(count * 12));
  run(fc.record({ session, bin: fc.nat(), first: fc.nat(), tags: some }), encodePsiTransferTags, decodePsiTransferTags);
});

test.each(FRAMES)("a %s that is cut, too long, of another version or type is malformed", (_, frame, decode) => {
  expect(() => decode(frame)).not.toThrow();
  for (const length of [0, 1, 2, 3, 10, 20, frame.length - 1]) {
    expect(() => decode(frame.slice(0, length))).toThrow(coded("ERR_FRAME_MALFORMED"));
  }
  const changed = [concatBytes(frame, Uint8Array.of(0)), frame.with(1, 2), frame.with(2, 0), frame.with(2, 7)];
  for (const bad of changed) expect(() => decode(bad)).toThrow(coded("ERR_FRAME_MALFORMED"));
  expect(() => decode(new Uint8Array(MAX_SESSION_FRAME_BYTES + 1))).toThrow(coded("ERR_FRAME_TOO_LARGE"));
});

test.each(FRAMES)("a %s is no other frame", (name, frame) => {
  for (const [other, , decode] of FRAMES) {
    if (other !== name) expect(() => decode(frame)).toThrow(coded("ERR_FRAME_MALFORMED"));
  }
});

test.each(FRAMES)("bytes of any kind are a %s or a coded refusal", (_, frame, decode) => {
  const near = fc
    .array(fc.tuple(fc.nat({ max: Math.min(frame.length, 80) - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((edits) => edits.reduce<Bytes>((changed, [at, value]) => changed.with(at, value), frame));
  fc.assert(
    fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 80 })), (changed) => {
      try {
        decode(changed);
      } catch (error) {
        expect(isSluiceError(error, "ERR_FRAME_MALFORMED", "ERR_PSI_SET_TOO_LARGE")).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
});

test("sizes that are not padded, above the limit, or of a list below its least, are refused on both sides", () => {
  const [, frame = filled(0)] = FRAMES[0] ?? [];
  for (const count of [0, 15, 16, 17, 896, 1_025, MAX_PSI_TRANSFER_ITEMS - 1]) {
    expect(() => encodePsiTransferOpen({ ...open, items: count })).toThrow(coded("ERR_FRAME_MALFORMED"));
    const changed = frame.slice();
    new DataView(changed.buffer).setUint32(67, count);
    expect(() => decodePsiTransferOpen(changed)).toThrow(coded("ERR_FRAME_MALFORMED"));
  }
  const more = { ...open, items: padPsiItems(MAX_PSI_TRANSFER_ITEMS + 1) };
  expect(() => encodePsiTransferOpen(more)).toThrow(coded("ERR_PSI_SET_TOO_LARGE"));
  expect(() => encodePsiTransferChoices({ ...choices, items: more.items })).toThrow(coded("ERR_PSI_SET_TOO_LARGE"));
  expect(padPsiItems(MAX_PSI_TRANSFER_ITEMS)).toBe(MAX_PSI_TRANSFER_ITEMS);
  expect([0, 1, 1_023, 1_024, 1_025, 70_000].map(padPsiTransferList)).toEqual([
    1_024, 1_024, 1_024, 1_024, 1_280, 81_920,
  ]);
  expect(decodePsiTransferChoices(encodePsiTransferChoices({ ...choices, items: 16 })).items).toBe(16);
});

test("fields of another length, no columns, columns beyond the last and too many tags are not encoded", () => {
  expect(() => encodePsiTransferOpen({ ...open, snapshot: filled(31) })).toThrow(coded("ERR_FRAME_MALFORMED"));
  expect(() => encodePsiTransferChoices({ ...choices, pairs: filled(32) })).toThrow(coded("ERR_FRAME_MALFORMED"));
  expect(() => encodePsiTransferAnswers({ ...answers, session: filled(15) })).toThrow(coded("ERR_FRAME_MALFORMED"));
  expect(() => encodePsiTransferCheck({ ...check, messages: filled(17) })).toThrow(coded("ERR_FRAME_MALFORMED"));
  for (const bad of [{ columns: filled(0) }, { columns: filled(17) }, { first: 601 }]) {
    expect(() => encodePsiTransferRows({ ...rows, ...bad })).toThrow(coded("ERR_FRAME_MALFORMED"));
  }
  for (const count of [0, MAX_PSI_TRANSFER_FRAME_TAGS + 1]) {
    expect(() => encodePsiTransferTags({ ...tags, tags: filled(12 * count) })).toThrow(coded("ERR_FRAME_MALFORMED"));
  }
});

test("the largest frames are within the limit, and hold as much as they may", () => {
  for (const columnBytes of [16, 10_512, 1_048_000]) {
    const columns = filled(columnsPerFrame(columnBytes) * columnBytes);
    const frame = encodePsiTransferRows({ ...rows, first: 0, columnBytes, columns });
    expect(frame.length).toBeLessThanOrEqual(MAX_SESSION_FRAME_BYTES);
  }
  expect(columnsPerFrame(10_512)).toBe(99);
  const most = encodePsiTransferTags({ ...tags, tags: filled(12 * MAX_PSI_TRANSFER_FRAME_TAGS) });
  expect(most.length).toBeLessThanOrEqual(MAX_SESSION_FRAME_BYTES);
  const columnBytes = 2_000_000;
  expect(() => encodePsiTransferRows({ ...rows, first: 0, columnBytes, columns: filled(columnBytes) })).toThrow(
    coded("ERR_FRAME_TOO_LARGE"),
  );
});
