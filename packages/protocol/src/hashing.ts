/** SHA-256 through WebCrypto, which Node and browsers have; and the hash that identifies a document.
 *  @module */
import { toHex, type Bytes } from "./bytes.ts";
import { canonicalBytes } from "./canonical.ts";
import type { Sha256Hex } from "./identifiers.ts";

/** SHA-256 of `bytes`. */
export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
}

/** SHA-256 of `bytes` in hexadecimal. */
export async function sha256Hex(bytes: Bytes): Promise<Sha256Hex> {
  return toHex(await sha256(bytes));
}

/** Hash of a document's canonical JSON: how grants, releases, policies, manifests and snapshots are named. */
export function documentHash(document: unknown): Promise<Sha256Hex> {
  return sha256Hex(canonicalBytes(document));
}
