/** Verifying an RFC 3161 time stamp from its bytes and pinned CA certificates alone. ASN.1, CMS and certificate paths are
 *  pkijs; what RFC 3161 asks for beyond them stands here. Loaded with the first time stamp: it needs WebCrypto, not Node.
 *  @see https://www.rfc-editor.org/rfc/rfc3161#section-2.4.2
 *  @module */
import type { Bytes } from "@sluice/protocol";
import type { AnchorFault } from "./anchor.ts";

/** Whose time stamps count. */
export type TimestampTrust = {
  /** CA certificates, PEM, one or more: the signer's certificate must lead to one of them. */
  readonly caPem: string;
  /** Policy that the authority must have applied. */
  readonly policy?: string | undefined;
};

/** What a time stamp is asked to be. */
export type TimestampClaim = {
  /** What was hashed and stamped. */
  readonly data: Bytes;
  /** The query's nonce, when it is known. */
  readonly nonce?: Bytes | undefined;
  readonly trust: TimestampTrust;
};

/** What a time stamp is. `at` is the authority's time. */
export type TimestampVerdict =
  | { readonly kind: "valid"; readonly at: Date }
  | { readonly kind: "invalid"; readonly fault: AnchorFault };

/** Judges `response`, a DER TimeStampResp. Certificates are judged as of the stamped time; revocation only by lists
 *  inside the token. Never throws for what is in `response`. @throws ERR_BODY_INVALID when the pinned PEM is none */
export async function verifyTimestamp(response: Bytes, claim: TimestampClaim): Promise<TimestampVerdict> {
  const { judgeTimestamp } = await import("./timestamp-token.ts");
  return judgeTimestamp(response, claim);
}
