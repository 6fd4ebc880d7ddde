/** Secrets that two parties have in common, by X25519 (RFC 7748), and what one seals for the other under them with AES-256-GCM
 *  (NIST SP 800-38D). A key seals one message: its derivation names plan, direction and round.
 *  @module */
import { concatBytes, fromHex, SluiceError, utf8, type Bytes } from "@sluice/protocol";
import { deriveKey } from "./mask.ts";

/** A private key inside WebCrypto. */
export type AgreementSecret = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const NONCE = new Uint8Array(12);
const SECRET_BITS = 256;
/** What stands before 32 bytes of a private key of X25519 (RFC 8410, section 7). */
const PKCS8 = fromHex("302e020100300506032b656e04220420");
/** The u-coordinate 9. */
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(31));

/** The private key that 32 bytes are. */
export async function agreementSecret(secret: Bytes): Promise<AgreementSecret> {
  const encoded = new Uint8Array(concatBytes(PKCS8, secret));
  const key = await crypto.subtle.importKey("pkcs8", encoded, "X25519", false, ["deriveBits"]);
  encoded.fill(0);
  return key;
}

/** The public key of a private one. */
export async function agreementKey(secret: AgreementSecret): Promise<Bytes> {
  return await multiply(secret, BASE_POINT);
}

/** What both have in common. @throws ERR_AGGREGATE_ROUND when `theirs` is a point that gives every key the same secret */
export async function agree(secret: AgreementSecret, theirs: Bytes, party: string): Promise<Bytes> {
  try {
    return await multiply(secret, theirs);
  } catch (cause) {
    throw new SluiceError("ERR_AGGREGATE_ROUND", { party, reason: "its key is no key" }, { cause });
  }
}

async function multiply(secret: AgreementSecret, point: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", new Uint8Array(point), "X25519", false, []);
  // A product of zeros, which a point of small order gives, WebCrypto refuses.
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: key }, secret, SECRET_BITS));
}

/** Which message of which aggregation is sealed. */
export interface SealedPlace {
  readonly plan: Bytes;
  readonly transcript: Bytes;
  readonly round: "shares" | "unmask";
  readonly from: number;
  readonly to: number;
}

/** Seals the one message of `place`. */
export async function sealFor(secret: Bytes, place: SealedPlace, content: Bytes): Promise<Bytes> {
  const key = await keyOf(secret, place);
  return new Uint8Array(await crypto.subtle.encrypt(parametersOf(place), key, new Uint8Array(content)));
}

/** Opens it. @throws ERR_AGGREGATE_ROUND @param party Name of its sender */
export async function openFrom(secret: Bytes, place: SealedPlace, sealed: Bytes, party: string): Promise<Bytes> {
  try {
    const key = await keyOf(secret, place);
    return new Uint8Array(await crypto.subtle.decrypt(parametersOf(place), key, new Uint8Array(sealed)));
  } catch (cause) {
    throw new SluiceError("ERR_AGGREGATE_ROUND", { party, reason: "its shares do not open" }, { cause });
  }
}

async function keyOf(secret: Bytes, { plan, round, from, to }: SealedPlace) {
  const info = concatBytes(utf8(`sluice/aggregate/${round}/v1`), plan, Uint8Array.of(from, to));
  return await deriveKey(secret, info, "AES-GCM");
}

function parametersOf({ transcript }: SealedPlace) {
  return { name: "AES-GCM", iv: NONCE, additionalData: new Uint8Array(transcript) };
}
