/** Masks: uniform vectors of field elements from a secret, by HKDF-SHA-256 (RFC 5869) and AES-256-CTR (NIST SP 800-38A). The
 *  stream is cut to as many bits as the modulus has; the one value that is not below it is left out.
 *  @module */
import { concatBytes, utf8, type Bytes } from "@sluice/protocol";
import { readElement, type AggregateField } from "./field.ts";

/** Elements beyond those asked for: each takes the place of one that was left out, a chance of 2^-61. */
const SPARE = 4;
const COUNTER_BYTES = 16;

/** Adds (`sign` 1) or takes away (-1) the mask of `secret` and `context`; what is in `onto` need not be reduced afterwards. */
export async function addMask(
  field: AggregateField,
  onto: bigint[],
  mask: { readonly secret: Bytes; readonly context: Bytes; readonly sign: 1 | -1 },
): Promise<void> {
  const stream = await maskStream(mask, (onto.length + SPARE) * field.bytes);
  let place = 0;
  for (let i = 0; i < onto.length; i++) {
    let element: bigint;
    do {
      if (place >= onto.length + SPARE) throw new RangeError("a mask ran out of elements");
      element = BigInt.asUintN(field.bits, readElement(field, stream, place++));
    } while (element >= field.modulus);
    onto[i] = (onto[i] ?? 0n) + (mask.sign === 1 ? element : -element);
  }
  stream.fill(0);
}

async function maskStream({ secret, context }: { secret: Bytes; context: Bytes }, length: number): Promise<Bytes> {
  const key = await deriveKey(secret, concatBytes(utf8("sluice/aggregate/mask/v1"), context), "AES-CTR");
  const parameters = { name: "AES-CTR", counter: new Uint8Array(COUNTER_BYTES), length: 64 };
  return new Uint8Array(await crypto.subtle.encrypt(parameters, key, new Uint8Array(length)));
}

/** A key of 256 bits from `secret`, for one use that `info` names. */
export async function deriveKey(secret: Bytes, info: Bytes, name: "AES-CTR" | "AES-GCM") {
  const source = await crypto.subtle.importKey("raw", new Uint8Array(secret), "HKDF", false, ["deriveKey"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: new Uint8Array(info) };
  return await crypto.subtle.deriveKey(parameters, source, { name, length: 256 }, false, ["encrypt", "decrypt"]);
}
