/** Group operations of the sender, in bulk, with libsodium's ristretto255. Elements lie one after another in one buffer,
 *  32 bytes each.
 *  @module */
import { ELEMENT_BYTES, PSI_TAG_BYTES, SluiceError, type Bytes, type Random } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { pause } from "../cancel.ts";
import { hashToGroup, isElement } from "../oprf/transcript.ts";
import { tagOf } from "./tags.ts";

/** Items between two looks at the signal: some 20 ms. */
const BATCH_ITEMS = 128;
const UNIFORM_BYTES = 64;

/** @throws ERR_OPRF_ELEMENT with the index of the first element that is not canonical or is the identity. */
export async function checkElements(elements: Bytes, signal: AbortSignal | undefined): Promise<void> {
  await sodium.ready;
  for (let index = 0; index * ELEMENT_BYTES < elements.length; index++) {
    if (index % BATCH_ITEMS === 0) await pause(signal);
    const element = elements.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES);
    if (!isElement(element)) throw new SluiceError("ERR_OPRF_ELEMENT", { index });
  }
}

/** `scalar · element` for each valid element, in order. @throws ERR_CANCELLED */
export async function multiplyEach(scalar: Bytes, elements: Bytes, signal: AbortSignal | undefined): Promise<Bytes> {
  await sodium.ready;
  return mapElements(elements, ELEMENT_BYTES, signal, (element) =>
    sodium.crypto_scalarmult_ristretto255(scalar, element),
  );
}

/** `scalar · element` for each element, in order, all of them checked on the way: for a scalar of one use alone, since what
 *  was multiplied before a bad element is thrown away.
 *  @throws ERR_OPRF_ELEMENT with the index of the first element that is not canonical or is the identity; ERR_CANCELLED */
export async function multiplyChecked(scalar: Bytes, elements: Bytes, signal: AbortSignal | undefined): Promise<Bytes> {
  await sodium.ready;
  return mapElements(elements, ELEMENT_BYTES, signal, (element, index) => {
    try {
      // It decodes before it multiplies, and refuses what is not canonical, and the identity.
      return sodium.crypto_scalarmult_ristretto255(scalar, element);
    } catch (cause) {
      if (isElement(element)) throw cause;
      throw new SluiceError("ERR_OPRF_ELEMENT", { index });
    }
  });
}

/** `scalar` times the group's base. */
export function multiplyBase(scalar: Bytes): Bytes {
  return sodium.crypto_scalarmult_ristretto255_base(scalar);
}

/** H(entry) for each entry, where H hashes to the group under the context. @throws ERR_CANCELLED */
export async function hashEach(
  entries: readonly Bytes[],
  context: Bytes,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  await sodium.ready;
  const elements = new Uint8Array(entries.length * ELEMENT_BYTES);
  for (const [i, entry] of entries.entries()) {
    if (i % BATCH_ITEMS === 0) await pause(signal);
    elements.set(hashToGroup(entry, context), i * ELEMENT_BYTES);
  }
  return elements;
}

/** The tags of the elements, in their order. @throws ERR_CANCELLED */
export function tagEach(elements: Bytes, context: Bytes, signal: AbortSignal | undefined): Promise<Bytes> {
  return mapElements(elements, PSI_TAG_BYTES, signal, (element) => tagOf(element, context));
}

/** `count` uniform elements that nobody knows a preimage of. */
export async function randomElements(count: number, random: Random): Promise<Bytes> {
  await sodium.ready;
  const elements = new Uint8Array(count * ELEMENT_BYTES);
  for (let i = 0; i < count; i++) {
    elements.set(sodium.crypto_core_ristretto255_from_hash(random.bytes(UNIFORM_BYTES)), i * ELEMENT_BYTES);
  }
  return elements;
}

/** A fresh scalar other than zero: 64 bytes reduced, so the bias is below 2^-250. Wipe it. */
export async function freshScalar(random: Random): Promise<Bytes> {
  await sodium.ready;
  for (;;) {
    const wide = random.bytes(UNIFORM_BYTES);
    const scalar = sodium.crypto_core_ristretto255_scalar_reduce(wide);
    wide.fill(0);
    if (scalar.some((byte) => byte !== 0)) return scalar;
  }
}

/** Items of `itemBytes` in ascending order: what they came in as is gone. */
export function sortItems(items: Bytes, itemBytes: number): Bytes {
  const views = Array.from({ length: items.length / itemBytes }, (_, i) =>
    items.subarray(i * itemBytes, (i + 1) * itemBytes),
  );
  const sorted = new Uint8Array(items.length);
  for (const [i, view] of views.sort((a, b) => Buffer.compare(a, b)).entries()) sorted.set(view, i * itemBytes);
  return sorted;
}

async function mapElements(
  elements: Bytes,
  resultBytes: number,
  signal: AbortSignal | undefined,
  map: (element: Bytes, index: number) => Bytes,
): Promise<Bytes> {
  const count = elements.length / ELEMENT_BYTES;
  const results = new Uint8Array(count * resultBytes);
  for (let i = 0; i < count; i++) {
    if (i % BATCH_ITEMS === 0) await pause(signal);
    results.set(map(elements.subarray(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES), i), i * resultBytes);
  }
  return results;
}
