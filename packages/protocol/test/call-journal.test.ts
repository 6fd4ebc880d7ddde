/** Records of the journal of a call: each read as it was written, and refused when it is anything else. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  concatBytes,
  decodeCallRecord,
  encodeCallRecord,
  isSluiceError,
  utf8,
  type Bytes,
  type CallRecord,
} from "../src/index.ts";

const HASH = "ab".repeat(32);
const BEGUN = {
  kind: "begun",
  begun: {
    version: 1,
    callId: "cd".repeat(16),
    use: {
      operation: "psi.ids",
      domain: "health",
      grant: HASH,
      product: "insured",
      version: 2,
      bundle: HASH,
      release: HASH,
      snapshot: HASH,
      sealKey: `x25519:${"A".repeat(43)}`,
      amount: "20",
    },
    items: 20,
    list: HASH,
    facts: { purpose: "medical-aid", setItems: 16 },
    seed: HASH,
    query: "0102",
  },
} satisfies CallRecord;

function codeOf(bytes: Bytes): string {
  try {
    decodeCallRecord(bytes);
    return "nothing";
  } catch (error) {
    return isSluiceError(error) ? error.code : String(error);
  }
}

test("a record is read as it was written", () => {
  const uint32 = fc.nat(2 ** 32 - 1);
  const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  const messages = fc.record({ number: uint32, acknowledged: uint32, received: frames });
  const records: fc.Arbitrary<CallRecord> = fc.oneof(
    fc.constantFrom<CallRecord>(BEGUN, { kind: "opened" }, { kind: "over" }, { kind: "request", hash: HASH }),
    messages.map((message): CallRecord => ({ kind: "message", ...message })),
  );
  fc.assert(
    fc.property(records, (record) => {
      expect(decodeCallRecord(encodeCallRecord(record))).toEqual(record);
    }),
  );
});

test("the bytes of a message are those of its struct", () => {
  const record: CallRecord = { kind: "message", number: 258, acknowledged: 3, received: [Uint8Array.of(9, 8)] };
  expect([...encodeCallRecord(record)]).toEqual([4, 0, 0, 1, 2, 0, 0, 0, 3, 1, 0, 0, 2, 9, 8]);
});

test("what is longer, shorter, of another kind, or not its schema is refused", () => {
  const message = encodeCallRecord({ kind: "message", number: 1, acknowledged: 0, received: [Uint8Array.of(1)] });
  const begun = { ...BEGUN.begun, use: { ...BEGUN.begun.use, operation: "all" } };
  const bad = [
    new Uint8Array(),
    Uint8Array.of(0),
    Uint8Array.of(6),
    Uint8Array.of(3, 0),
    message.subarray(0, -1),
    concatBytes(message, Uint8Array.of(0)),
    message.with(9, 9),
    encodeCallRecord({ kind: "request", hash: "ab" }),
    concatBytes(Uint8Array.of(1), utf8("{")),
    concatBytes(Uint8Array.of(1), utf8(JSON.stringify(begun))),
    concatBytes(Uint8Array.of(1), utf8(JSON.stringify({ ...BEGUN.begun, more: 1 }))),
  ];
  expect(bad.map(codeOf)).toEqual(bad.map(() => "ERR_FRAME_MALFORMED"));
  expect(codeOf(concatBytes(message.subarray(0, 10), Uint8Array.of(0x10, 0, 1)))).toBe("ERR_FRAME_TOO_LARGE");
});
