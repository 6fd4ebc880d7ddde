/** The checks of an RFC 3161 answer, in the order of what they cost. Loads pkijs.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { equalBytes, type Bytes } from "@sluice/protocol";
import { fromBER, Integer, ObjectIdentifier } from "asn1js";
import {
  BasicConstraints,
  Certificate,
  ExtKeyUsage,
  SignedData,
  TimeStampResp,
  TSTInfo,
  type CertificateChainValidationEngine,
  type SignedDataVerifyResult,
} from "pkijs";
import { MAX_ANCHOR_ANSWER_BYTES, type AnchorFault } from "./anchor.ts";
import {
  BASIC_CONSTRAINTS_OID,
  CONTENT_TYPE_OID,
  EXTENDED_KEY_USAGE_OID,
  HASHES,
  RSA_OID,
  SHA256_OID,
  SIGNATURES,
  SIGNED_DATA_OID,
  TIME_STAMPING_OID,
  TST_INFO_OID,
} from "./oid.ts";
import { certificatesOfPem, invalidCa } from "./pem.ts";
import { namesCertificate } from "./signing-certificate.ts";
import type { TimestampClaim, TimestampVerdict } from "./timestamp.ts";

/** granted and grantedWithMods (RFC 3161 §2.4.2). */
const GRANTED: readonly number[] = [0, 1];
/** Certificates that a token may bring. */
const MAX_TOKEN_CERTIFICATES = 8;
/** Looks for an issuer in one path: a token may bring certificates that sign each other in a circle. */
const MAX_ISSUER_LOOKUPS = 16;

/** See `verifyTimestamp`. */
export async function judgeTimestamp(response: Bytes, claim: TimestampClaim): Promise<TimestampVerdict> {
  const pinned = pinnedCertificates(claim.trust.caPem);
  try {
    const { signed, info } = readToken(response);
    checkInfo(info, claim);
    const [signer, ...others] = signed.signerInfos;
    if (signer === undefined || others.length > 0) throw new Fault("malformed");
    const attributes = signer.signedAttrs?.attributes ?? [];
    const types = attributes.filter(({ type }) => type === CONTENT_TYPE_OID).flatMap(({ values }) => values);
    const [type] = types as unknown[];
    if (types.length !== 1 || !(type instanceof ObjectIdentifier) || type.getValue() !== TST_INFO_OID) {
      throw new Fault("malformed");
    }
    if (!HASHES.has(signer.digestAlgorithm.algorithmId)) throw new Fault("signature");
    const { algorithmId } = signer.signatureAlgorithm;
    if (algorithmId !== RSA_OID && !SIGNATURES.has(algorithmId)) throw new Fault("signature");
    const verified = await verifySignature(signed, claim.data, info.genTime, pinned);
    const certificate = verified.signerCertificate ?? null;
    if (certificate === null || !isForTimeStamping(certificate)) throw new Fault("certificate");
    if (!(await namesCertificate(attributes, derOf(certificate)))) throw new Fault("certificate");
    if (verified.certificatePath[0] !== certificate || !isSoundPath(verified.certificatePath))
      throw new Fault("untrusted");
    return { kind: "valid", at: info.genTime };
  } catch (error) {
    // Whatever pkijs stumbled over in bytes that are not ours.
    return { kind: "invalid", fault: error instanceof Fault ? error.fault : "malformed" };
  }
}

function pinnedCertificates(pem: string): Certificate[] {
  const certificates = certificatesOfPem(pem);
  try {
    return certificates.map((der) => Certificate.fromBER(der.slice().buffer));
  } catch (cause) {
    throw invalidCa(cause);
  }
}

/** Carries a finding out of the checks. */
class Fault extends Error {
  readonly fault: AnchorFault;
  constructor(fault: AnchorFault) {
    super(fault);
    this.fault = fault;
  }
}

function readToken(response: Bytes): { signed: SignedData; info: TSTInfo } {
  if (response.length > MAX_ANCHOR_ANSWER_BYTES) throw new Fault("too-large");
  const bytes = response.slice();
  const parsed = fromBER(bytes);
  if (parsed.offset !== bytes.length) throw new Fault("malformed");
  const answer = new TimeStampResp({ schema: parsed.result });
  if (!GRANTED.includes(answer.status.status)) throw new Fault("rejected");
  const token = answer.timeStampToken;
  if (token?.contentType !== SIGNED_DATA_OID) throw new Fault("malformed");
  const signed = new SignedData({ schema: token.content as unknown });
  const { eContentType, eContent } = signed.encapContentInfo;
  if (eContentType !== TST_INFO_OID || eContent === undefined) throw new Fault("malformed");
  if ((signed.certificates?.length ?? 0) > MAX_TOKEN_CERTIFICATES) throw new Fault("malformed");
  return { signed, info: TSTInfo.fromBER(eContent.getValue()) };
}

function checkInfo(info: TSTInfo, { data, nonce, trust }: TimestampClaim): void {
  const { hashAlgorithm, hashedMessage } = info.messageImprint;
  const imprint = new Uint8Array(hashedMessage.valueBlock.valueHexView);
  if (info.version !== 1) throw new Fault("malformed");
  if (hashAlgorithm.algorithmId !== SHA256_OID || !equalBytes(imprint, sha256(data)))
    throw new Fault("another-imprint");
  if (nonce !== undefined) {
    const answered = info.nonce instanceof Integer ? new Uint8Array(info.nonce.valueBlock.valueHexView) : null;
    if (answered === null || !equalBytes(answered, nonce)) throw new Fault("another-nonce");
  }
  if (trust.policy !== undefined && info.policy !== trust.policy) throw new Fault("another-policy");
}

/** Signature over the signed attributes, digest of the content among them, and the signer's path to a pinned certificate,
 *  as of the stamped time. */
async function verifySignature(
  signed: SignedData,
  data: Bytes,
  checkDate: Date,
  trustedCerts: Certificate[],
): Promise<SignedDataVerifyResult> {
  let lookups = 0;
  const findIssuer = async (of: Certificate, engine: CertificateChainValidationEngine): Promise<Certificate[]> => {
    if (++lookups > MAX_ISSUER_LOOKUPS) throw new Fault("untrusted");
    return engine.defaultFindIssuer(of, engine);
  };
  let result: SignedDataVerifyResult;
  try {
    result = await signed.verify({
      signer: 0,
      data: data.slice().buffer,
      checkDate,
      trustedCerts,
      checkChain: true,
      passedWhenNotRevValues: true,
      extendedMode: true,
      findIssuer,
    });
  } catch (cause) {
    throw new Fault(codeOf(cause) === CHAIN_FAILED ? "untrusted" : "signature");
  }
  if (result.signatureVerified !== true) throw new Fault("signature");
  return result;
}

/** What pkijs answers when the path fails. */
const CHAIN_FAILED = 5;

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && "code" in cause ? cause.code : undefined;
}

/** RFC 3161 §2.3: exactly this purpose, and critical. */
function isForTimeStamping({ extensions = [] }: Certificate): boolean {
  const found = extensions.filter(({ extnID }) => extnID === EXTENDED_KEY_USAGE_OID);
  const [usage] = found;
  if (found.length !== 1 || usage?.critical !== true) return false;
  const parsed: unknown = usage.parsedValue;
  return (
    parsed instanceof ExtKeyUsage && parsed.keyPurposes.length === 1 && parsed.keyPurposes[0] === TIME_STAMPING_OID
  );
}

/** What pkijs does not look at in a path from the signer to the pinned certificate: no SHA-1 below the pinned one, and no
 *  more certificates below an authority than it may have (RFC 5280 §4.2.1.9). */
function isSoundPath(path: readonly Certificate[]): boolean {
  return path.every((certificate, i) => {
    if (i < path.length - 1 && !SIGNATURES.has(certificate.signatureAlgorithm.algorithmId)) return false;
    const constraints = certificate.extensions?.find(({ extnID }) => extnID === BASIC_CONSTRAINTS_OID)
      ?.parsedValue as unknown;
    const limit = constraints instanceof BasicConstraints ? constraints.pathLenConstraint : undefined;
    // Between the signer, which is no authority, and this one.
    return i === 0 || limit === undefined || (typeof limit === "number" && i - 1 <= limit);
  });
}

function derOf(certificate: Certificate): Bytes {
  return new Uint8Array(certificate.toSchema().toBER());
}
