/** Files of one signed document each: a receipt, a grant with its policy, a release. Such a file holds the canonical JSON
 *  of the document and a line break, to the byte: with the signatures inside, any changed byte is found and what it
 *  belongs to is named.
 *  @module */
import {
  documentHash,
  documentText,
  EvidencedReceipt,
  fromUtf8,
  GrantDelivery,
  isSluiceError,
  SignedGrant,
  SignedRelease,
  SluiceError,
  type Bytes,
  type KeyId,
  type Signed,
  type SignedType,
} from "@sluice/protocol";
import { requireGatewayWord, verifyReceipt, type ReceiptPart, type TrustPins } from "./receipts.ts";
import type { ReferenceMember } from "./receipt-openings.ts";
import { verifySigned } from "./signed-document.ts";

/** What such a file holds. */
export type DocumentKind = "receipt" | "grant" | "release";

/** Parts of a grant or a release. */
export type DocumentPart = "form" | "policy" | "domain" | "signatures";

/** A file that verifies. */
export interface VerifiedDocument {
  readonly kind: DocumentKind;
  /** Hash that names the grant or the release, or call id of the receipt. */
  readonly name: string;
  readonly verified: readonly (ReceiptPart | DocumentPart)[];
  /** Commitments of a receipt whose opening is not there. */
  readonly erased: readonly ReferenceMember[];
}

/** The value of such a file. @throws ERR_DOCUMENT when the bytes are not exactly those that are written for it */
export function readDocument(bytes: Bytes): unknown {
  let value: unknown;
  let text: string;
  let canonical: string;
  try {
    text = fromUtf8(bytes);
    value = JSON.parse(text);
    canonical = documentText(value);
  } catch (cause) {
    throw fault("document", "form", "it is no JSON document", cause);
  }
  if (canonical !== text) throw fault("document", "form", "its bytes are not those that are written for it");
  return value;
}

/** Verifies the bytes of a file against the pins alone. @throws ERR_RECEIPT or ERR_DOCUMENT with the `part` that fails */
export async function verifyDocument(bytes: Bytes, trust: TrustPins): Promise<VerifiedDocument> {
  const value = readDocument(bytes);
  const receipt = EvidencedReceipt.safeParse(value);
  if (receipt.success) {
    requireGatewayWord(receipt.data);
    return { kind: "receipt", name: receipt.data.receipt.body.callId, ...(await verifyReceipt(receipt.data, trust)) };
  }
  const delivery = GrantDelivery.safeParse(value);
  if (delivery.success) return await verifyGrant(delivery.data.grant, delivery.data.policy, trust);
  const grant = SignedGrant.safeParse(value);
  if (grant.success) return await verifyGrant(grant.data, null, trust);
  const release = SignedRelease.safeParse(value);
  if (release.success) return await verifyRelease(release.data, trust);
  throw fault("document", "form", "it has the documented form of no receipt, grant or release");
}

/** A grant, signed by the department of its domain and the agency; with a policy, with the one it names.
 *  @throws ERR_DOCUMENT */
export async function verifyGrant(
  grant: SignedGrant,
  policy: GrantDelivery["policy"] | null,
  trust: TrustPins,
): Promise<VerifiedDocument> {
  const { body } = grant;
  if (policy !== null && (await documentHash(policy)) !== body.policy) {
    throw fault("grant", "policy", "its policy is not the one that it names");
  }
  await signedBy("grant", grant, [[departmentOf(trust, "grant", body.domain)], [trust.agencyKey]]);
  const verified: DocumentPart[] = ["form", ...(policy === null ? [] : ["policy" as const]), "domain", "signatures"];
  return { kind: "grant", name: await documentHash(body), verified, erased: [] };
}

/** A release, signed by the department of its domain. @throws ERR_DOCUMENT */
export async function verifyRelease(release: SignedRelease, trust: TrustPins): Promise<VerifiedDocument> {
  await signedBy("release", release, [[departmentOf(trust, "release", release.body.domain)]]);
  const verified: DocumentPart[] = ["form", "domain", "signatures"];
  return { kind: "release", name: await documentHash(release.body), verified, erased: [] };
}

async function signedBy(kind: DocumentKind, signed: Signed<{ type: SignedType }>, required: KeyId[][]): Promise<void> {
  try {
    await verifySigned(signed, { required });
  } catch (cause) {
    if (!isSluiceError(cause, "ERR_SIGNATURE")) throw cause;
    throw fault(kind, "signatures", "the pinned keys, and they alone, have not signed it", cause);
  }
}

function departmentOf({ domains }: TrustPins, kind: DocumentKind, domain: string): KeyId {
  const pins = Object.hasOwn(domains, domain) ? domains[domain] : undefined;
  if (pins === undefined) throw fault(kind, "domain", "its domain is not pinned");
  return pins.departmentKey;
}

function fault(kind: DocumentKind | "document", part: DocumentPart, reason: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_DOCUMENT", { kind, part, reason }, { cause });
}
