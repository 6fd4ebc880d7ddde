/** Ed25519 key pairs, and private keys of every suite as text. An Ed25519 private half is a WebCrypto key: it signs, and
 *  it shows itself only to `exportPrivateKey`.
 *  @module */
import { concatBytes, equalBytes, fromBase64url, fromHex, SluiceError } from "@sluice/protocol";
import type { Bytes, KeyId, SuiteId } from "@sluice/protocol";
import { base64 } from "@scure/base";
import { keyIdOf, publicKeyOf, type WebCryptoKey } from "./ed25519.ts";
import type { SigningKey } from "./keys-signing.ts";
import { generateSm2Key, sm2KeyOfPkcs8, type Sm2KeyPair } from "./sm/sm2-keys.ts";

/** `PrivateKeyInfo` of RFC 8410 §7 up to the 32 bytes of the seed. */
const PKCS8_PREFIX = fromHex("302e020100300506032b657004220420");
const SEED_BYTES = 32;
/** Longest text that is read as a private key. */
const MAX_KEY_TEXT_CHARS = 2_048;

const PEM = /^-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END PRIVATE KEY-----\s*$/;

/** An Ed25519 key pair. Prints as its public id; the private half has no printable form. */
export class KeyPair implements SigningKey {
  readonly suite = "ed25519";
  readonly keyId: KeyId;
  readonly #privateKey: WebCryptoKey;

  constructor(keyId: KeyId, privateKey: WebCryptoKey) {
    this.keyId = keyId;
    this.#privateKey = privateKey;
  }

  /** The 64-byte signature over `bytes`. */
  async sign(bytes: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign("Ed25519", this.#privateKey, new Uint8Array(bytes)));
  }

  /** PKCS#8 bytes of the private half. Only `exportPrivateKey` calls this. */
  async toPkcs8(): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.exportKey("pkcs8", this.#privateKey));
  }

  toString(): string {
    return `KeyPair(${this.keyId})`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** A new random key pair. Its randomness is the platform's: a signing key is never seeded. */
export async function generateKey(): Promise<KeyPair> {
  return keyPairOfSeed(crypto.getRandomValues(new Uint8Array(SEED_BYTES)));
}

/** A new random key pair of `suite`. */
export function generateSigningKey(suite: SuiteId): Promise<KeyPair | Sm2KeyPair> {
  switch (suite) {
    case "ed25519":
      return generateKey();
    case "sm2":
      return generateSm2Key();
  }
}

/** The private half as PKCS#8 PEM (RFC 8410, RFC 5915). Store it where only its owner reads. */
export async function exportPrivateKey(key: KeyPair | Sm2KeyPair): Promise<string> {
  const text = base64.encode(await key.toPkcs8());
  return `-----BEGIN PRIVATE KEY-----\n${text.replaceAll(/.{64}/g, "$&\n").trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

/** The key pair of either suite behind a PKCS#8 PEM or, for Ed25519, a JWK. @throws ERR_BODY_INVALID when `text` is neither. */
export async function importSigningKey(text: string): Promise<KeyPair | Sm2KeyPair> {
  const pkcs8 = text.length > MAX_KEY_TEXT_CHARS ? null : bytesOfPem(text);
  const key = pkcs8 === null ? null : await sm2KeyOfPkcs8(pkcs8);
  return key ?? importPrivateKey(text);
}

/** The SM2 key pair behind a PKCS#8 PEM. @throws ERR_BODY_INVALID when `text` is none */
export async function importSm2Key(text: string): Promise<Sm2KeyPair> {
  const key = await importSigningKey(text);
  if (key.suite === "sm2") return key;
  throw new SluiceError("ERR_BODY_INVALID", { pointer: "/key", expected: "an SM2 private key, PKCS#8 PEM" });
}

/** The Ed25519 key pair behind a PKCS#8 PEM or a JWK (RFC 8037) text. @throws ERR_BODY_INVALID when `text` is neither. */
export async function importPrivateKey(text: string): Promise<KeyPair> {
  const seed = text.length > MAX_KEY_TEXT_CHARS ? null : text.trimStart().startsWith("{") ? ofJwk(text) : ofPem(text);
  if (seed === null) throw notAKey();
  const key = await keyPairOfSeed(seed.d);
  if (seed.x !== undefined && seed.x !== key.keyId.slice("ed25519:".length)) throw notAKey();
  return key;
}

function notAKey(): SluiceError {
  return new SluiceError("ERR_BODY_INVALID", {
    pointer: "/key",
    expected: "an Ed25519 private key, PKCS#8 PEM or JWK",
  });
}

async function keyPairOfSeed(seed: Bytes): Promise<KeyPair> {
  const pkcs8 = concatBytes(PKCS8_PREFIX, seed);
  const privateKey = await crypto.subtle.importKey("pkcs8", new Uint8Array(pkcs8), "Ed25519", true, ["sign"]);
  // WebCrypto has no direct way from a private key to its public half; the JWK form carries both.
  const { x } = await crypto.subtle.exportKey("jwk", privateKey);
  if (x === undefined) throw notAKey();
  const keyId = keyIdOf(fromBase64url(x));
  if (publicKeyOf(keyId) === null) throw notAKey();
  return new KeyPair(keyId, privateKey);
}

function bytesOfPem(text: string): Bytes | null {
  const body = PEM.exec(text)?.[1];
  if (body === undefined) return null;
  try {
    return base64.decode(body.replaceAll(/\s/g, ""));
  } catch {
    return null;
  }
}

function ofPem(text: string): { d: Bytes; x?: string } | null {
  const pkcs8 = bytesOfPem(text);
  if (pkcs8 === null || !equalBytes(pkcs8.subarray(0, PKCS8_PREFIX.length), PKCS8_PREFIX)) return null;
  const d = pkcs8.slice(PKCS8_PREFIX.length);
  return d.length === SEED_BYTES ? { d } : null;
}

function ofJwk(text: string): { d: Bytes; x?: string } | null {
  try {
    const jwk: unknown = JSON.parse(text);
    if (typeof jwk !== "object" || jwk === null || !("kty" in jwk) || !("crv" in jwk) || !("d" in jwk)) return null;
    if (jwk.kty !== "OKP" || jwk.crv !== "Ed25519" || typeof jwk.d !== "string") return null;
    const d = fromBase64url(jwk.d);
    if (d.length !== SEED_BYTES) return null;
    return "x" in jwk ? { d, x: String(jwk.x) } : { d };
  } catch {
    return null;
  }
}
