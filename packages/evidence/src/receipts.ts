/** Verifying receipts offline, from pinned keys alone. A receipt proves what was logged, not that an
 *  answer is right.
 *  @module */
import {
  documentHash,
  EvidencedReceipt,
  isSluiceError,
  KeyId,
  LogOrigin,
  Name,
  PinnedKey,
  Sm2KeyId,
  SluiceError,
  type Instant,
  type LogProof,
  type Signed,
  type SignedType,
} from "@sluice/protocol";
import { z } from "zod";
import { PinnedAnchor } from "./anchor/anchor-pin.ts";
import { logIdentity, type PinnedLog } from "./checkpoint.ts";
import { verifyLogProof } from "./log-proof.ts";
import { laterOf, verifySignedAt } from "./keys-keyring.ts";
import { openReference, REFERENCES, type ReferenceMember } from "./receipt-openings.ts";

/** Keys of one domain. */
export const DomainPins = z.strictObject({
  /** Signs receipts, snapshots and events: one key, or the domain's keys over time. */
  receiptKey: PinnedKey,
  logKey: KeyId,
  /** Key of the SM2 line of its log's checkpoints, which are then required to have one. */
  logSm2Key: Sm2KeyId.optional(),
  logOrigin: LogOrigin,
  departmentKey: KeyId,
});
export type DomainPins = z.infer<typeof DomainPins>;

/** Keys of the gateway: `key` signs its bookings. */
export const GatewayPins = z.strictObject({
  key: PinnedKey,
  logKey: KeyId,
  logSm2Key: Sm2KeyId.optional(),
  logOrigin: LogOrigin,
});
export type GatewayPins = z.infer<typeof GatewayPins>;

/** What a verifier trusts, obtained outside the system: fingerprints of keys and names of logs. */
export const TrustPins = z.strictObject({
  domains: z.record(Name, DomainPins),
  gateway: GatewayPins,
  agencyKey: KeyId,
  /** Anchors outside the system, by name, each with the logs that it must have records of. */
  anchors: z.record(Name, PinnedAnchor).optional(),
});
export type TrustPins = z.infer<typeof TrustPins>;

/** Parts of a receipt, in the order in which they are verified; the first that fails is the `part` of ERR_RECEIPT. */
export const RECEIPT_PARTS = [
  "form",
  "domain",
  "domain-signature",
  "party",
  "snapshot",
  "domain-log",
  "booking",
  "gateway-log",
] as const;
export type ReceiptPart = (typeof RECEIPT_PARTS)[number];

/** What was verified of a receipt. */
export interface VerifiedReceipt {
  /** Parts that are there and hold, in order. Without `booking` and `gateway-log`, the gateway has not seen it. */
  readonly verified: readonly ReceiptPart[];
  /** Commitments whose opening is not there: the receipt holds, and does not say what they are. */
  readonly erased: readonly ReferenceMember[];
}

/** Passes when a key that is pinned of the domain for the receipt's instant signed it, what opens its commitments fits, and the domain's log holds
 *  the commitment to the *signed* receipt; and so, where they are there, the gateway's booking and the proof of its log.
 *  @throws ERR_RECEIPT with the `part` that fails */
export async function verifyReceipt(evidenced: EvidencedReceipt, trust: TrustPins): Promise<VerifiedReceipt> {
  const parsed = EvidencedReceipt.safeParse(evidenced);
  if (!parsed.success) throw refused("form", "it does not have the documented form");
  const { receipt, openings, domainLog, booking, gatewayLog } = parsed.data;
  const verified: ReceiptPart[] = ["form"];
  const { domain } = receipt.body;
  const pins = Object.hasOwn(trust.domains, domain) ? trust.domains[domain] : undefined;
  if (pins === undefined) throw refused("domain", "its domain is not pinned");
  verified.push("domain");
  // The instant is the signer's word. Who holds an ended key can choose it, and cannot write to the log, whose key is another.
  await signedBy("domain-signature", receipt, pins.receiptKey, receipt.body.at, "the domain's key did not sign it");
  const erased: ReferenceMember[] = [];
  for (const member of REFERENCES) {
    if (openReference({ receipt, openings }, member) === null) erased.push(member);
    else verified.push(member);
  }
  await inLog("domain-log", "domain", domainLog, pins);
  if (booking !== undefined) {
    // No booking is earlier than its receipt: so an ended key of the gateway books nothing that came after its end.
    const at = laterOf(booking.body.at, receipt.body.at);
    await signedBy("booking", booking, trust.gateway.key, at, "the gateway's key did not sign its booking");
    if (booking.body.receipt !== (await documentHash(receipt))) {
      throw refused("booking", "the gateway's booking is of another receipt");
    }
  }
  if (gatewayLog !== undefined) await inLog("gateway-log", "gateway", gatewayLog, trust.gateway);
  return { verified, erased };

  async function signedBy(
    part: ReceiptPart,
    signed: Signed<{ type: SignedType }>,
    pin: PinnedKey,
    at: Instant,
    reason: string,
  ): Promise<void> {
    try {
      await verifySignedAt(signed, pin, at);
    } catch (cause) {
      if (!isSluiceError(cause, "ERR_SIGNATURE")) throw cause;
      throw refused(part, reason, cause);
    }
    verified.push(part);
  }

  async function inLog(part: ReceiptPart, owner: string, proof: LogProof, log: PinnedLog): Promise<void> {
    try {
      await verifyLogProof(proof, receipt, logIdentity(log));
    } catch (cause) {
      if (!isSluiceError(cause, "ERR_LOG")) throw cause;
      throw refused(part, `in the ${owner}'s log, ${String(cause.details["reason"])}`, cause);
    }
    verified.push(part);
  }
}

/** Passes when the gateway's booking and proof are there, or the receipt is of a run, which may have been fetched before the
 *  gateway saw it. @throws ERR_RECEIPT with the `part` that is missing */
export function requireGatewayWord({ receipt, booking, gatewayLog }: EvidencedReceipt): void {
  const { operation } = receipt.body;
  if (operation === "develop" || operation === "build") return;
  if (gatewayLog === undefined) throw refused("gateway-log", "the proof of the gateway's log is missing");
  if (booking === undefined) throw refused("booking", "the gateway's booking is missing");
}

function refused(part: ReceiptPart, reason: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_RECEIPT", { part, reason }, { cause });
}
