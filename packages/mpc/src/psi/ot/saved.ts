/** What a role keeps to go on later: a list of byte strings, secret.
 *  @module */
import { ByteReader, ByteWriter, SluiceError, type Bytes } from "@sluice/protocol";

const VERSION = 1;
const MAX_PART_BYTES = 2 ** 32 - 1;

// struct { uint8 version; uint8 role; uint8 count; opaque part<0..2^32-1> × count; } Saved;
/** @param role which role, and where it stands. */
export function encodeSaved(role: number, parts: readonly Bytes[]): Bytes {
  const writer = new ByteWriter().uint(VERSION, 1).uint(role, 1).uint(parts.length, 1);
  for (const part of parts) writer.opaque(part, MAX_PART_BYTES);
  return writer.finish();
}

/** The parts. They share no memory with `bytes`. @throws ERR_FRAME_MALFORMED when it is of another role, or not whole. */
export function decodeSaved(bytes: Bytes, role: number, count: number): Bytes[] {
  const reader = new ByteReader(bytes);
  if (reader.uint(1) !== VERSION || reader.uint(1) !== role || reader.uint(1) !== count) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "saved", expected: "what this role has saved" });
  }
  const parts = Array.from({ length: count }, () => reader.opaque(MAX_PART_BYTES).slice());
  reader.end();
  return parts;
}

/** A number as four bytes, and back. */
export function numberBytes(...values: number[]): Bytes {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value);
  return bytes;
}

/** @see numberBytes */
export function numbersOf(bytes: Bytes): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i));
}
