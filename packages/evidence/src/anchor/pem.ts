/** Certificates in PEM (RFC 7468).
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { base64 } from "@scure/base";
import { SluiceError, toHex, type Bytes } from "@sluice/protocol";

/** Most certificates of one file. */
const MAX_CERTIFICATES = 8;
const MAX_PEM_CHARS = 65_536;
const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/** DER of each certificate in `pem`. @throws ERR_BODY_INVALID when there is none, or too many */
export function certificatesOfPem(pem: string): Bytes[] {
  if (pem.length > MAX_PEM_CHARS) throw invalidCa();
  try {
    const found = [...pem.matchAll(BLOCK)].map(([, body = ""]) => base64.decode(body.replaceAll(/\s/g, "")));
    if (found.length > 0 && found.length <= MAX_CERTIFICATES) return found;
  } catch (cause) {
    throw invalidCa(cause);
  }
  throw invalidCa();
}

/** SHA-256 of each certificate in `pem`, as OpenSSL's `-fingerprint -sha256` prints it; none when it is no PEM. */
export function certificateFingerprints(pem: string): string[] {
  try {
    return certificatesOfPem(pem).map((der) => (toHex(sha256(der)).toUpperCase().match(/../g) ?? []).join(":"));
  } catch (error) {
    if (error instanceof SluiceError) return [];
    throw error;
  }
}

/** The error about pinned certificates that are none. */
export function invalidCa(cause?: unknown): SluiceError {
  const expected = `1 to ${MAX_CERTIFICATES} certificates in PEM`;
  return new SluiceError("ERR_BODY_INVALID", { pointer: "the pinned CA", expected }, { cause });
}
