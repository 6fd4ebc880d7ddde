/** Anchor by time stamp (RFC 3161 over HTTP, RFC 3161 §3.4): an authority signs the SHA-256 of the checkpoint's text with
 *  its clock. It learns the hash alone. The answer proves itself to whoever pins the authority's CA.
 *  @see https://www.rfc-editor.org/rfc/rfc3161
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8, type Bytes, type Clock } from "@sluice/protocol";
import type { Anchor, AnchorOutcome } from "./anchor.ts";
import { postToAnchor, type AnchorNetwork } from "./anchor-post.ts";
import { SHA256_OID } from "./oid.ts";
import { verifyTimestamp, type TimestampTrust } from "./timestamp.ts";

/** Largest difference between the authority's time and ours, beside the time that the query took. */
export const MAX_TIMESTAMP_SKEW_MS = 5 * 60_000;
const NONCE_BYTES = 8;

/** Where to, and whom to believe. */
export type TimestampOptions = { readonly url: string; readonly trust: TimestampTrust; readonly clock: Clock };

/** An anchor at a time-stamp authority. */
export function timestampAnchor({ url, trust, clock }: TimestampOptions, network: AnchorNetwork): Anchor {
  return {
    kind: "timestamp",
    async publish(checkpoint, { signal }): Promise<AnchorOutcome> {
      const data = utf8(checkpoint.text);
      const nonce = newNonce(network);
      const body = await timestampQuery(data, nonce, trust.policy);
      const headers = { "content-type": "application/timestamp-query", accept: "application/timestamp-reply" };
      const askedAt = clock.now().getTime();
      const posted = await postToAnchor(url, { headers, body }, network, signal);
      if (posted.kind === "failed") return posted;
      const verdict = await verifyTimestamp(posted.body, { data, nonce, trust });
      if (verdict.kind === "invalid") return { kind: "failed", fault: verdict.fault };
      const stampedAt = verdict.at.getTime();
      const early = stampedAt < askedAt - MAX_TIMESTAMP_SKEW_MS;
      if (early || stampedAt > clock.now().getTime() + MAX_TIMESTAMP_SKEW_MS) return { kind: "failed", fault: "time" };
      return { kind: "anchored", answer: posted.body, nonce };
    },
  };
}

/** A TimeStampReq over SHA-256 of `data`, with the signer's certificate asked for. */
export async function timestampQuery(data: Bytes, nonce: Bytes, policy?: string): Promise<Bytes> {
  const { AlgorithmIdentifier, MessageImprint, TimeStampReq } = await import("pkijs");
  const { Integer, Null, OctetString } = await import("asn1js");
  const hashAlgorithm = new AlgorithmIdentifier({ algorithmId: SHA256_OID, algorithmParams: new Null() });
  const hashedMessage = new OctetString({ valueHex: sha256(data).slice().buffer });
  const query = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({ hashAlgorithm, hashedMessage }),
    nonce: new Integer({ valueHex: nonce.slice().buffer }),
    certReq: true,
    ...(policy === undefined ? {} : { reqPolicy: policy }),
  });
  return new Uint8Array(query.toSchema().toBER());
}

/** Fresh for each query; its first bits are 01, so that it is a positive number of just these bytes. */
function newNonce({ random }: AnchorNetwork): Bytes {
  const nonce = random.bytes(NONCE_BYTES).slice();
  nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40;
  return nonce;
}
