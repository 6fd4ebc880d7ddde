/** Signed objects. A signature covers `sluice/<type>/v1` followed by the canonical JSON of the body;
 *  which signers are needed is the verifier's policy, never the object's own claim.
 *  @module */
import { z } from "zod";
import { concatBytes, utf8, type Bytes } from "./bytes.ts";
import { canonicalBytes } from "./canonical.ts";
import { KeyId, SuiteId } from "./identifiers.ts";

/** Types of signed objects; each has a `type` member of the same name in its body. */
export const SIGNED_TYPES = [
  "party",
  "grant",
  "release",
  "request",
  "revocation",
  "receipt",
  "booking",
  "event",
  "status",
  "lookup-snapshot",
  "psi-snapshot",
  "join-sum-snapshot",
  "score-snapshot",
  "report-snapshot",
  "dataset-snapshot",
  "selection-snapshot",
  "statement",
  "aggregate",
  "aggregate-result",
  "aggregate-ask",
] as const;
export type SignedType = (typeof SIGNED_TYPES)[number];

/** One signature. `keyId` names the key by its public bytes, and begins with `suite`. */
export const Signature = z
  .strictObject({
    suite: SuiteId,
    keyId: KeyId,
    /** Unpadded base64url of the raw 64 bytes: R ‖ S of Ed25519, r ‖ s of SM2. */
    value: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
  })
  .refine(({ suite, keyId }) => keyId.startsWith(`${suite}:`), { path: ["keyId"], error: "a key of the suite" });
export type Signature = z.infer<typeof Signature>;

/** Most signatures on one object. */
export const MAX_SIGNATURES = 8;

/** A body with the signatures over it. */
export type Signed<T extends { type: SignedType }> = { body: T; signatures: Signature[] };

/** Schema of `Signed<T>` for the body schema `body`. */
export function signedSchema<T extends z.ZodType<{ type: SignedType }>>(body: T) {
  return z.strictObject({ body, signatures: z.array(Signature).min(1).max(MAX_SIGNATURES) });
}

/** The bytes that a signature over `body` covers. */
export function signingBytes(body: { type: SignedType }): Bytes {
  return concatBytes(utf8(`sluice/${body.type}/v1`), canonicalBytes(body));
}
