/** Elements of the prime fields of aggregation as bytes, and back: little-endian, below the modulus. A sum that may be negative
 *  is the element closest to zero.
 *  @module */
import { SluiceError, type AGGREGATE_FIELDS, type AggregatePlan, type Bytes } from "@sluice/protocol";

/** One of the fields. */
export type AggregateField = (typeof AGGREGATE_FIELDS)[AggregatePlan["field"]];

const WORD_BYTES = 8;
const WORD_BITS = 64n;

/** Bytes of `values`, each reduced. */
export function encodeElements({ modulus, bytes }: AggregateField, values: readonly bigint[]): Bytes {
  const out = new Uint8Array(values.length * bytes);
  const view = new DataView(out.buffer);
  for (const [i, value] of values.entries()) {
    const element = reduced(value, modulus);
    view.setBigUint64(i * bytes, BigInt.asUintN(64, element), true);
    if (bytes > WORD_BYTES) view.setBigUint64(i * bytes + WORD_BYTES, element >> WORD_BITS, true);
  }
  return out;
}

/** `count` elements. @throws ERR_FRAME_MALFORMED when there are more or fewer, or one is not below the modulus */
export function decodeElements(field: AggregateField, bytes: Bytes, count: number): bigint[] {
  if (bytes.length !== count * field.bytes) throw malformed(`${count} elements`);
  return Array.from({ length: count }, (_, i) => {
    const element = readElement(field, bytes, i);
    if (element >= field.modulus) throw malformed("elements below the modulus");
    return element;
  });
}

/** The number at place `i`, which need not be below the modulus. */
export function readElement({ bytes: width }: AggregateField, bytes: Bytes, i: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + i * width, width);
  const low = view.getBigUint64(0, true);
  return width > WORD_BYTES ? (view.getBigUint64(WORD_BYTES, true) << WORD_BITS) | low : low;
}

/** The whole number closest to zero that `value` stands for. */
export function centred({ modulus }: AggregateField, value: bigint): bigint {
  const element = reduced(value, modulus);
  return 2n * element > modulus ? element - modulus : element;
}

function reduced(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function malformed(expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field: "vector", expected });
}
