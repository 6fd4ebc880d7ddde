/** The status (状态租约): what is stopped in a domain, and until when the domain may rely on having heard of every stop. A
 *  domain that hears nothing more refuses work at the end: who keeps a stop back, stops everything.
 *  @module */
import { z } from "zod";
import { Instant, KeyId, Name, Sha256Hex } from "./identifiers.ts";
import { signedSchema } from "./signed.ts";

/** Most grants, and most keys, that one status stops. */
export const MAX_STATUS_STOPS = 4_096;

/** Body of a status. Signed by the agency or by the domain's status key, which can stop and extend, and nothing else. */
export const Status = z.strictObject({
  type: z.literal("status"),
  domain: Name,
  /** Rises from each status of a domain to the next. */
  sequence: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
  /** Hashes of grants that are taken back, for good. What an earlier status named stays so. */
  revoked: z.array(Sha256Hex).max(MAX_STATUS_STOPS),
  /** Keys that are suspended, until a later statement of the agency says that they are active. */
  suspended: z.array(KeyId).max(MAX_STATUS_STOPS),
  issuedAt: Instant,
  /** Uses are refused from here on, unless a later status came. */
  validUntil: Instant,
});
export type Status = z.infer<typeof Status>;
export const SignedStatus = signedSchema(Status);
export type SignedStatus = z.infer<typeof SignedStatus>;
