/** The signed attribute that says which certificate signed (RFC 2634 §5.4, RFC 5816): without it, another certificate with
 *  the same key could be put in its place.
 *
 *  SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, policies … OPTIONAL }
 *  ESSCertIDv2 ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier DEFAULT sha256, certHash OCTET STRING, … }
 *  @module */
import { equalBytes, type Bytes } from "@sluice/protocol";
import { ObjectIdentifier, OctetString, Sequence } from "asn1js";
import type { Attribute } from "pkijs";
import { HASHES, SHA256_OID, SIGNING_CERTIFICATE_OID, SIGNING_CERTIFICATE_V2_OID } from "./oid.ts";

/** Whether the attributes name the certificate `der` as the signer's; with both versions, both must. */
export async function namesCertificate(attributes: readonly Attribute[], der: Bytes): Promise<boolean> {
  let named = false;
  for (const { type, values } of attributes) {
    const version = type === SIGNING_CERTIFICATE_V2_OID ? 2 : type === SIGNING_CERTIFICATE_OID ? 1 : null;
    if (version === null) continue;
    const id = values.length === 1 ? firstCertId(values[0]) : null;
    const hash = id === null ? undefined : version === 1 ? "SHA-1" : HASHES.get(id.algorithm ?? SHA256_OID);
    if (id === null || hash === undefined || (version === 1 && id.algorithm !== null)) return false;
    if (!equalBytes(new Uint8Array(await crypto.subtle.digest(hash, new Uint8Array(der))), id.hash)) return false;
    named = true;
  }
  return named;
}

/** The first certificate id: the signer's. */
function firstCertId(attribute: unknown): { algorithm: string | null; hash: Bytes } | null {
  const id = childrenOf(childrenOf(childrenOf(attribute)?.[0])?.[0]);
  const [first, second] = id ?? [];
  const given = first instanceof Sequence;
  const hash = given ? second : first;
  if (!(hash instanceof OctetString)) return null;
  const [algorithm] = given ? (childrenOf(first) ?? []) : [];
  if (given && !(algorithm instanceof ObjectIdentifier)) return null;
  return {
    algorithm: algorithm instanceof ObjectIdentifier ? algorithm.getValue() : null,
    hash: new Uint8Array(hash.getValue()),
  };
}

/** What a sequence consists of. */
function childrenOf(of: unknown): readonly unknown[] | null {
  return of instanceof Sequence ? of.valueBlock.value : null;
}
