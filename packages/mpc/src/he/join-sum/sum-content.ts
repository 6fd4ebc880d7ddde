/** What a domain keeps of a set whose values are summed, as one buffer: in memory that threads share, and in a file at rest.
 *  @module */
import { concatBytes, ELEMENT_BYTES, SluiceError, type Bytes } from "@sluice/protocol";
import type { SumSet } from "./sum-set.ts";

const VALUE_BYTES = 8;

// struct { opaque element[32] × paddedItems; float64 value × paddedItems; } SumContent;   values little-endian
/** Bytes of a set. */
export function encodeSumContent({ elements, values }: SumSet): Bytes {
  const bytes = new Uint8Array(values.length * VALUE_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat64(i * VALUE_BYTES, value, true);
  return concatBytes(elements, bytes);
}

/** The set; its elements share memory with `bytes`. @throws ERR_FRAME_MALFORMED for bytes of another number of items */
export function decodeSumContent(bytes: Bytes, items: number): SumSet {
  if (bytes.length !== items * (ELEMENT_BYTES + VALUE_BYTES)) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "content", expected: `${items} elements and values` });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = Float64Array.from({ length: items }, (_, i) =>
    view.getFloat64(items * ELEMENT_BYTES + i * VALUE_BYTES, true),
  );
  return { elements: bytes.subarray(0, items * ELEMENT_BYTES), values };
}
