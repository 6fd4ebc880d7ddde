/** Public keys of one signer as others pin them: one key, or the keys over time with when each counts. What an old key signed
 *  stays valid; what it signs after its end is refused.
 *  @module */
import { z } from "zod";
import { Instant, KeyId } from "./identifiers.ts";

/** Most keys of one signer. */
export const MAX_KEYRING_KEYS = 64;

/** A key and the time in which its signatures count. */
export const KeyValidity = z
  .strictObject({
    keyId: KeyId,
    /** First instant; absent for the key that the signer began with. */
    from: Instant.optional(),
    /** First instant no more; absent while no end is known. */
    until: Instant.optional(),
  })
  .refine(({ from = "", until }) => until === undefined || from < until, {
    path: ["until"],
    error: "later than `from`",
  });
export type KeyValidity = z.infer<typeof KeyValidity>;

/** Keys of one signer, each once; the last is the one that signs now. */
export const Keyring = z
  .array(KeyValidity)
  .min(1)
  .max(MAX_KEYRING_KEYS)
  .refine((entries) => new Set(entries.map(({ keyId }) => keyId)).size === entries.length, "each key once");
export type Keyring = z.infer<typeof Keyring>;

/** What is pinned of one signer. A key alone counts at all times. */
export const PinnedKey = z.union([KeyId, Keyring]);
export type PinnedKey = z.infer<typeof PinnedKey>;
