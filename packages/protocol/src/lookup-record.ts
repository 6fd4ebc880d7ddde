/** What the records of a lookup's tables hold, once they are opened: a value, or that the key was deleted since the base table
 *  was built. Both have one size, so that a delta table does not tell them apart.
 *  @module */
import { concatBytes, type Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";

/** Bytes before the value. */
export const RECORD_STATE_BYTES = 1;
const VALUE = 0;
const DELETED = 1;

// struct { uint8 state; opaque value[*]; } LookupRecord;
/** Payload of a record that holds `value`. */
export function encodeLookupRecord(value: Bytes): Bytes {
  return concatBytes(Uint8Array.of(VALUE), value);
}

/** Payload of a record that says that its key was deleted, as long as that of a value of `valueBytes`. */
export function encodeDeletedRecord(valueBytes: number): Bytes {
  return concatBytes(Uint8Array.of(DELETED), new Uint8Array(valueBytes));
}

/** The value of a payload, or null when it says that its key was deleted.
 *  @throws ERR_LOOKUP_CORRUPT when it is neither */
export function decodeLookupRecord(payload: Bytes): Bytes | null {
  const state = payload[0];
  const value = payload.subarray(RECORD_STATE_BYTES);
  if (state === VALUE) return value;
  if (state === DELETED && value.every((byte) => byte === 0)) return null;
  throw new SluiceError("ERR_LOOKUP_CORRUPT");
}

/** Bytes of the value of a label record: a label and padding, so that records of all forms have one size. */
export const LABEL_RECORD_BYTES = 15;

// struct { uint8 label; opaque pad[14]; } LabelRecord;
/** Value of a record whose label is `vocabulary[label]` of the snapshot. @throws ERR_FRAME_MALFORMED above 255. */
export function encodeLabelRecord(label: number): Bytes {
  return new ByteWriter()
    .uint(label, 1)
    .fixed(new Uint8Array(LABEL_RECORD_BYTES - 1))
    .finish();
}

/** Label code of a value. @throws ERR_FRAME_MALFORMED when it is not 15 bytes or its padding is not zero. */
export function decodeLabelRecord(bytes: Bytes): number {
  const reader = new ByteReader(bytes);
  const label = reader.uint(1);
  const pad = reader.fixed(LABEL_RECORD_BYTES - 1);
  reader.end();
  if (pad.some((byte) => byte !== 0)) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "pad", expected: "zero bytes" });
  }
  return label;
}
