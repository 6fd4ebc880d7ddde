/** The public keys of one signer over time: which were valid when. What an old key signed stays valid; what it signs after
 *  its end is refused.
 *  @module */
import { Instant, KeyId, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import type { SignerPolicy } from "./signed-document.ts";

/** Most keys of one signer. */
export const MAX_KEYRING_KEYS = 64;

/** A key and the time in which its signatures count. */
export const KeyValidity = z
  .strictObject({
    keyId: KeyId,
    /** First instant. */
    from: Instant,
    /** First instant no more; absent while the key is current. */
    until: Instant.optional(),
  })
  .refine(({ from, until }) => until === undefined || from < until, { path: ["until"], error: "later than `from`" });
export type KeyValidity = z.infer<typeof KeyValidity>;

/** Entries of a keyring, each key once. */
export const KeyringDocument = z
  .array(KeyValidity)
  .min(1)
  .max(MAX_KEYRING_KEYS)
  .refine((entries) => new Set(entries.map(({ keyId }) => keyId)).size === entries.length, "each key once");

/** The verification keys of one signer. Immutable. */
export class VerificationKeyring {
  readonly entries: readonly KeyValidity[];

  /** @throws ERR_BODY_INVALID naming what is wrong with the entries */
  constructor(entries: readonly KeyValidity[]) {
    const parsed = KeyringDocument.safeParse(entries);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const pointer = `/${(issue?.path ?? []).join("/")}`;
      throw new SluiceError("ERR_BODY_INVALID", { pointer, expected: issue?.message ?? "a keyring" });
    }
    this.entries = parsed.data;
  }

  /** Keys whose signatures count when made at `at`; several during a rotation, none in a gap. */
  keysAt(at: Date): KeyId[] {
    const instant = at.toISOString();
    return this.entries
      .filter(({ from, until }) => from <= instant && (until === undefined || instant < until))
      .map(({ keyId }) => keyId);
  }

  /** The keyring after a rotation: `next` counts from `at`, and the keys without an end count for `overlapMs` longer.
   *  @throws ERR_BODY_INVALID when `next` is in the ring, or a key would end before it began */
  rotated(next: KeyId, at: Date, overlapMs: number): VerificationKeyring {
    const until = new Date(at.getTime() + overlapMs).toISOString();
    const ended = this.entries.map((entry) => (entry.until === undefined ? { ...entry, until } : entry));
    return new VerificationKeyring([...ended, { keyId: next, from: at.toISOString() }]);
  }
}

/** The policy that one of each ring's keys of `at` signs. `at` must come from something that the signer cannot choose — the
 *  verifier's clock, or the time a log was witnessed: whoever stole an old key can date what it signs. */
export function policyAt(
  rings: readonly VerificationKeyring[],
  at: Date,
  suites?: SignerPolicy["suites"],
): SignerPolicy {
  const required = rings.map((ring) => ring.keysAt(at));
  return suites === undefined ? { required } : { required, suites };
}
