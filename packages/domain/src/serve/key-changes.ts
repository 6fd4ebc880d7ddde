/** What follows from another receipt key or another pinned gateway key, at the first start after it: an event that commits to
 *  the keys as they are now, and snapshots that carry a signature of the present key, since callers check them by their own
 *  clock. Done again, it changes nothing.
 *  @module */
import { currentKey, laterOf, signDocument } from "@sluice/evidence";
import { documentHash, type EventKind, type Instant, type PinnedKey } from "@sluice/protocol";
import type { DomainConfig } from "../config.ts";
import type { EventStore } from "../state/events.ts";
import type { DomainContext } from "./context.ts";

/** Puts down an event for each ring that has none yet; what recovers the log then signs and logs it. */
export async function noteKeyChanges(
  { receiptKey, pins }: Pick<DomainConfig, "receiptKey" | "pins">,
  events: EventStore,
  now: Date,
): Promise<void> {
  const own = typeof receiptKey === "string" ? undefined : receiptKey.at(-1)?.from;
  const rings: [EventKind, PinnedKey][] = [
    ["key-rotated", receiptKey],
    ["gateway-key-pinned", pins.gatewayKey],
  ];
  for (const [kind, ring] of rings) {
    if (typeof ring === "string") continue;
    const event = { kind, subject: await documentHash(ring) };
    if (!events.has(event)) events.put(event, new Date(countsFrom(now, own)));
  }
}

/** Signs every snapshot anew that the present key has not signed. Its hash is that of its body and stays. */
export async function signSnapshotsAnew({
  config,
  keyring,
  work,
}: Pick<DomainContext, "config" | "keyring" | "work">): Promise<void> {
  const present = currentKey(config.receiptKey);
  for (const served of work.products()) {
    const { body, signatures } = served.snapshot;
    if (signatures.length === 1 && signatures[0]?.keyId === present) continue;
    work.putProduct({ ...served, snapshot: await signDocument(body, keyring.receiptKey) });
  }
}

/** Nothing that the present key signs is dated before it counts. */
function countsFrom(now: Date, from: Instant | undefined): Instant {
  return from === undefined ? now.toISOString() : laterOf(now.toISOString(), from);
}
