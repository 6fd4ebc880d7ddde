/** Which keys of a signer count when, by what is pinned of it: the one place that decides it, for receipts, events, snapshots,
 *  bookings and requests of the gateway.
 *  @module */
import { Keyring, SluiceError, type Instant, type KeyId, type PinnedKey } from "@sluice/protocol";
import type { Signed, SignedType } from "@sluice/protocol";
import { verifySigned } from "./signed-document.ts";

/** Time for which an old key counts after a rotation when nothing else is said. */
export const DEFAULT_KEY_OVERLAP_MS = 24 * 3_600_000;

/** What is pinned, as a ring. */
export function ringOf(pin: PinnedKey): Keyring {
  return typeof pin === "string" ? [{ keyId: pin }] : pin;
}

/** The key that its holder signs with now. */
export function currentKey(pin: PinnedKey): KeyId {
  const last = ringOf(pin).at(-1);
  if (last === undefined) throw new RangeError("a keyring has a key");
  return last.keyId;
}

/** Keys whose signatures count when made at `at`; several during a rotation, none in a gap. */
export function keysAt(pin: PinnedKey, at: Instant): KeyId[] {
  return ringOf(pin)
    .filter(({ from = "", until }) => from <= at && (until === undefined || at < until))
    .map(({ keyId }) => keyId);
}

/** Passes when a key that counts at `at`, and nobody else, signed the document. `at` must be something that the holder of an
 *  ended key cannot choose: the verifier's own clock, or the instant in a document that a log holds whose key is another.
 *  @throws ERR_SIGNATURE */
export async function verifySignedAt(signed: Signed<{ type: SignedType }>, pin: PinnedKey, at: Instant): Promise<void> {
  const keys = keysAt(pin, at);
  if (keys.length === 0) {
    throw new SluiceError("ERR_SIGNATURE", { type: signed.body.type, signer: `a key that counts at ${at}` });
  }
  await verifySigned(signed, { required: [keys] });
}

/** The later of two instants. */
export function laterOf(a: Instant, b: Instant): Instant {
  return a < b ? b : a;
}

/** The pin after a rotation: `next` counts from `from`, and every other key ends at `until` or where it ended before. Saying it
 *  again with the same `next` moves ends to earlier ones only.
 *  @throws ERR_BODY_INVALID when `next` has an end, a key would end before it began, or there are too many */
export function rotatedPin(
  pin: PinnedKey,
  next: KeyId,
  { from, until }: { readonly from: Instant; readonly until: Instant },
): Keyring {
  const ring = ringOf(pin);
  const others = ring
    .filter(({ keyId }) => keyId !== next)
    .map((entry) => (entry.until !== undefined && entry.until <= until ? entry : { ...entry, until }));
  const known = ring.find(({ keyId }) => keyId === next);
  if (known?.until !== undefined) throw invalid("/keyId", "a key that has not been ended");
  const rotated = Keyring.safeParse([...others, known ?? { keyId: next, from }]);
  if (rotated.success) return rotated.data;
  const [issue] = rotated.error.issues;
  throw invalid(`/${(issue?.path ?? []).join("/")}`, issue?.message ?? "a keyring");
}

/** Whether `next` is `pin` after rotations: it has every key of `pin` with the same beginning and no later end. */
export function continuesPin(pin: PinnedKey, next: PinnedKey): boolean {
  const keys = new Map(ringOf(next).map((entry) => [entry.keyId, entry]));
  return ringOf(pin).every(({ keyId, from, until }) => {
    const entry = keys.get(keyId);
    if (entry === undefined || entry.from !== from) return false;
    return until === undefined || (entry.until !== undefined && entry.until <= until);
  });
}

function invalid(pointer: string, expected: string): SluiceError {
  return new SluiceError("ERR_BODY_INVALID", { pointer, expected });
}
