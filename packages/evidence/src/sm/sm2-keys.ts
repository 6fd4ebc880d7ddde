/** SM2 key pairs and their PKCS#8 form, which OpenSSL reads and writes. The arithmetic is loaded with the first key.
 *  @module */
import { concatBytes, equalBytes, fromHex, toHex, type Bytes, type KeyId } from "@sluice/protocol";
import type { SigningKey } from "../keys-signing.ts";

/** `PrivateKeyInfo` (RFC 5208 §5) with an `ECPrivateKey` (RFC 5915 §3) on curve 1.2.156.10197.1.301, up to the 32 bytes
 *  of the private key; with the public key behind it, and without. */
const PREFIX = "020100301306072a8648ce3d020106082a811ccf5501822d04";
const WITH_POINT = fromHex(`308187${PREFIX}6d306b0201010420`);
const WITHOUT_POINT = fromHex(`3041${PREFIX}2730250201010420`);
/** `[1] BIT STRING` before the uncompressed point. */
const POINT_PREFIX = fromHex("a144034200");
const SCALAR_BYTES = 32;

/** An SM2 key pair. Prints as its public id; the private half has no printable form. It is a string in memory, which
 *  JavaScript cannot wipe. */
export class Sm2KeyPair implements SigningKey {
  readonly suite = "sm2";
  readonly keyId: KeyId;
  readonly #privateKey: string;

  private constructor(keyId: KeyId, privateKey: string) {
    this.keyId = keyId;
    this.#privateKey = privateKey;
  }

  /** The pair of a private key, or null when that is out of range. */
  static async of(privateKey: string): Promise<Sm2KeyPair | null> {
    const { isSm2PrivateKey, sm2KeyIdOf, sm2PointOf } = await import("./sm2.ts");
    return isSm2PrivateKey(privateKey) ? new Sm2KeyPair(sm2KeyIdOf(sm2PointOf(privateKey)), privateKey) : null;
  }

  /** The 64-byte signature r ‖ s over `bytes`. */
  async sign(bytes: Bytes): Promise<Bytes> {
    const { signSm2 } = await import("./sm2.ts");
    return signSm2(this.#privateKey, this.keyId, bytes);
  }

  /** PKCS#8 bytes of the private half. Only `exportPrivateKey` calls this. */
  async toPkcs8(): Promise<Bytes> {
    const { sm2PointOf } = await import("./sm2.ts");
    return concatBytes(WITH_POINT, fromHex(this.#privateKey), POINT_PREFIX, sm2PointOf(this.#privateKey));
  }

  toString(): string {
    return `Sm2KeyPair(${this.keyId})`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** A new random key pair. Its randomness is the platform's: a signing key is never seeded. */
export async function generateSm2Key(): Promise<Sm2KeyPair> {
  const { randomSm2PrivateKey } = await import("./sm2.ts");
  const key = await Sm2KeyPair.of(randomSm2PrivateKey());
  return key ?? generateSm2Key();
}

/** The key pair in PKCS#8 bytes; null when they hold no SM2 key, or one whose public half is another's. */
export async function sm2KeyOfPkcs8(pkcs8: Bytes): Promise<Sm2KeyPair | null> {
  const prefix = [WITH_POINT, WITHOUT_POINT].find((bytes) => equalBytes(bytes, pkcs8.subarray(0, bytes.length)));
  if (prefix === undefined) return null;
  const rest = pkcs8.subarray(prefix.length);
  const key = await Sm2KeyPair.of(toHex(rest.subarray(0, SCALAR_BYTES)));
  if (key === null) return null;
  const written = prefix === WITH_POINT ? await key.toPkcs8() : concatBytes(prefix, rest.subarray(0, SCALAR_BYTES));
  return equalBytes(written, pkcs8) ? key : null;
}
