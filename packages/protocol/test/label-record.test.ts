/** The payload of a label record.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeLabelRecord,
  decodeLookupRecord,
  encodeDeletedRecord,
  encodeLabelRecord,
  encodeLookupRecord,
  isSluiceError,
  LABEL_RECORD_BYTES,
} from "../src/index.ts";

test("a label record reads back as its label", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), (label) => {
      const bytes = encodeLabelRecord(label);
      expect(bytes).toHaveLength(LABEL_RECORD_BYTES);
      expect(decodeLabelRecord(bytes)).toBe(label);
    }),
  );
});

test("a record with other bytes in its padding, or of another length, is malformed", () => {
  const bytes = encodeLabelRecord(3);
  for (const bad of [bytes.subarray(1), new Uint8Array(16), bytes.with(14, 1), bytes.with(1, 255)]) {
    expect(() => decodeLabelRecord(bad)).toThrow(
      expect.toSatisfy((error) => isSluiceError(error, "ERR_FRAME_MALFORMED")),
    );
  }
});

test("a label above one byte is refused", () => {
  expect(() => encodeLabelRecord(256)).toThrow(/malformed/);
});

test("a value and a deletion have one size and read back as what they are", () => {
  const value = encodeLabelRecord(7);
  const [kept, deleted] = [encodeLookupRecord(value), encodeDeletedRecord(LABEL_RECORD_BYTES)];
  expect(kept).toHaveLength(deleted.length);
  expect(decodeLookupRecord(kept)).toEqual(value);
  expect(decodeLookupRecord(deleted)).toBeNull();
  for (const bad of [new Uint8Array(), kept.with(0, 2), deleted.with(9, 1), kept.with(0, 1)]) {
    expect(() => decodeLookupRecord(bad)).toThrow(
      expect.toSatisfy((error) => isSluiceError(error, "ERR_LOOKUP_CORRUPT")),
    );
  }
});
