/** Content-Digest (RFC 9530) with SHA-256, the one algorithm of this profile.
 *  @module */
import { base64 } from "@scure/base";
import { sha256, type Bytes } from "@sluice/protocol";

/** Value of the Content-Digest field over `body`. */
export async function contentDigest(body: Bytes): Promise<string> {
  return `sha-256=:${base64.encode(await sha256(body))}:`;
}
