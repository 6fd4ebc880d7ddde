/** The payload of a label record.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeLabelRecord, encodeLabelRecord, isSluiceError, LABEL_RECORD_BYTES } from "../src/index.ts";

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
  for (const bad of [bytes.subarray(1), new Uint8Array(17), bytes.with(15, 1), bytes.with(1, 255)]) {
    expect(() => decodeLabelRecord(bad)).toThrow(
      expect.toSatisfy((error) => isSluiceError(error, "ERR_FRAME_MALFORMED")),
    );
  }
});

test("a label above one byte is refused", () => {
  expect(() => encodeLabelRecord(256)).toThrow(/malformed/);
});
