/** Ed25519 (RFC 8032) through WebCrypto, which Node and browsers have. A key names itself: its id is its
 *  public bytes.
 *  @module */
import { equalBytes, fromBase64url, fromHex, toBase64url, type Bytes, type KeyId } from "@sluice/protocol";

/** Bytes of a public key. */
const PUBLIC_KEY_BYTES = 32;
/** Bytes of a signature. */
const SIGNATURE_BYTES = 64;
/** Imported public keys kept for the next verification. */
const MAX_CACHED_KEYS = 256;

const PREFIX = "ed25519:";
const KEY_ID = /^ed25519:[A-Za-z0-9_-]{43}$/;

/** A key inside WebCrypto. */
export type WebCryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** y-coordinates of the points of small order, canonical and not. Under such a key a signature over one
 *  message can be one over every message, so none of them names a party. */
const SMALL_ORDER_POINTS = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(fromHex);

/** The id of a raw public key. */
export function keyIdOf(publicKey: Bytes): KeyId {
  return PREFIX + toBase64url(publicKey);
}

/** The raw public key that `keyId` names; `null` when it names none: wrong form, or a point of small order. */
export function publicKeyOf(keyId: string): Bytes | null {
  if (!KEY_ID.test(keyId)) return null;
  let publicKey: Bytes;
  try {
    publicKey = fromBase64url(keyId.slice(PREFIX.length));
  } catch {
    return null; // not canonical base64url
  }
  const y = publicKey.slice();
  y[PUBLIC_KEY_BYTES - 1] = (y[PUBLIC_KEY_BYTES - 1] ?? 0) & 0x7f;
  return SMALL_ORDER_POINTS.some((point) => equalBytes(point, y)) ? null : publicKey;
}

const imported = new Map<KeyId, WebCryptoKey>();

async function importPublicKey(keyId: KeyId): Promise<WebCryptoKey | null> {
  const known = imported.get(keyId);
  if (known !== undefined) return known;
  const publicKey = publicKeyOf(keyId);
  if (publicKey === null) return null;
  try {
    const key = await crypto.subtle.importKey("raw", new Uint8Array(publicKey), "Ed25519", true, ["verify"]);
    const oldest = imported.keys().next();
    if (imported.size >= MAX_CACHED_KEYS && oldest.done !== true) imported.delete(oldest.value);
    imported.set(keyId, key);
    return key;
  } catch {
    return null; // not a point of the curve
  }
}

/** Whether `signature` is one of `keyId` over `bytes`; false as well when `keyId` names no key. */
export async function verifyEd25519(keyId: KeyId, bytes: Bytes, signature: Bytes): Promise<boolean> {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const key = await importPublicKey(keyId);
  if (key === null) return false;
  return crypto.subtle.verify("Ed25519", key, new Uint8Array(signature), new Uint8Array(bytes));
}
