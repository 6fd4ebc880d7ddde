/** The receipt (凭证): what the domain says it did for one call. It proves what was logged, not that an
 *  answer is right. It carries hashes and counts only; who asked, and of which snapshot, stand in it as salted
 *  commitments, whose openings lie beside it and can be erased. A privacy cost stands in the first that serves what it paid for.
 *  @module */
import { z } from "zod";
import { Operation, PriceRule, Unit } from "./grant.ts";
import { Amount, Instant, KeyId, Name, Random128, Sha256Hex } from "./identifiers.ts";
import { LogProof } from "./log.ts";
import { signedSchema } from "./signed.ts";

/** Body of a receipt. Signed by the domain's receipt key. */
export const Receipt = z.strictObject({
  type: z.literal("receipt"),
  callId: Random128,
  operation: Operation,
  domain: Name,
  grant: Sha256Hex,
  /** Name of the grant's scene. */
  scene: Name,
  /** Hash of the grant's policy. */
  policy: Sha256Hex,
  product: Name,
  version: z.int().min(1),
  bundle: Sha256Hex,
  /** Hash of the signed release's body; absent for a development run. */
  release: Sha256Hex.optional(),
  /** Hash of the certificate of the sample; only of a development run. */
  certificate: Sha256Hex.optional(),
  /** Commitment to the hash of the snapshot that answered, that a build made, or of the source table a run read. */
  snapshot: Sha256Hex,
  /** Commitment to the key that signed the request. */
  party: Sha256Hex,
  /** Hash of the request's body. */
  request: Sha256Hex,
  /** Hash of the answer frame, or of the guard's report of a run. */
  answer: Sha256Hex,
  quantity: z.strictObject({ unit: Unit, amount: Amount }),
  price: PriceRule,
  /** Millionths of ρ that were spent of its source table's privacy budget for what this call serves; absent when none were, or
   *  an earlier receipt names them. */
  privacyCost: Amount.optional(),
  /** Isolation layers that were active when user code ran, for this run or for the build behind the answer. */
  layers: z.array(z.string().regex(/^[a-z0-9-]{1,32}$/)).max(16),
  at: Instant,
});
export type Receipt = z.infer<typeof Receipt>;
export const SignedReceipt = signedSchema(Receipt);
export type SignedReceipt = z.infer<typeof SignedReceipt>;

/** What a commitment of a receipt was made from: the value, and 32 random bytes. The commitment is
 *  SHA-256(`sluice/reference/v1` ‖ member ‖ salt ‖ value) with lengths; see `evidence`. */
function openingOf<T extends z.ZodType<string>>(value: T) {
  return z.strictObject({ value, salt: Sha256Hex });
}

/** Openings of a receipt's commitments. Without its opening, and the salt in it, a commitment says nothing, not even to
 *  who tries every known key: an opening that was erased is absent. */
export const ReceiptOpenings = z.strictObject({
  party: openingOf(KeyId).optional(),
  snapshot: openingOf(Sha256Hex).optional(),
});
export type ReceiptOpenings = z.infer<typeof ReceiptOpenings>;

/** Body of a booking: the gateway's word that it has booked the receipt. Signed by the gateway's key. */
export const Booking = z.strictObject({
  type: z.literal("booking"),
  /** Hash of the signed receipt's canonical JSON. */
  receipt: Sha256Hex,
  at: Instant,
});
export type Booking = z.infer<typeof Booking>;
export const SignedBooking = signedSchema(Booking);
export type SignedBooking = z.infer<typeof SignedBooking>;

/** A receipt with what its commitments open to, the proof that it stands in the domain's log and, once the gateway has
 *  seen it, the gateway's booking and the proof of its log. */
export const EvidencedReceipt = z.strictObject({
  receipt: SignedReceipt,
  openings: ReceiptOpenings,
  domainLog: LogProof,
  booking: SignedBooking.optional(),
  gatewayLog: LogProof.optional(),
});
export type EvidencedReceipt = z.infer<typeof EvidencedReceipt>;
