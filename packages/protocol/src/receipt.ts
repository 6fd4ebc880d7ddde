/** The receipt (凭证): what the domain says it did for one call. It proves what was logged, not that an
 *  answer is right. It carries hashes and counts only.
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
  product: Name,
  version: z.int().min(1),
  bundle: Sha256Hex,
  /** Hash of the signed release's body; absent for a development run. */
  release: Sha256Hex.optional(),
  /** Hash of the snapshot that answered, or of the source table a run read. */
  snapshot: Sha256Hex,
  /** Key that signed the request. */
  party: KeyId,
  /** Hash of the request's body. */
  request: Sha256Hex,
  /** Hash of the answer frame, or of the guard's report of a run. */
  answer: Sha256Hex,
  quantity: z.strictObject({ unit: Unit, amount: Amount }),
  price: PriceRule,
  /** Isolation layers that were active when user code ran, for this run or for the build behind the answer. */
  layers: z.array(z.string().regex(/^[a-z0-9-]{1,32}$/)).max(16),
  at: Instant,
});
export type Receipt = z.infer<typeof Receipt>;
export const SignedReceipt = signedSchema(Receipt);
export type SignedReceipt = z.infer<typeof SignedReceipt>;

/** A receipt with proofs that it stands in the domain's log and, once the gateway has seen it, in the gateway's. */
export const EvidencedReceipt = z.strictObject({
  receipt: SignedReceipt,
  domainLog: LogProof,
  gatewayLog: LogProof.optional(),
});
export type EvidencedReceipt = z.infer<typeof EvidencedReceipt>;
