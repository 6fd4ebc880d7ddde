/** Recording of events: put down, signed, logged, in this order, so that after any end of the process the next start can
 *  explain each entry of the log, and logs what is missing.
 *  @module */
import { commitment, SALT_BYTES, signDocument } from "@sluice/evidence";
import { fromHex, toHex, type DomainEvent } from "@sluice/protocol";
import type { KeptEvent, NewEvent, PutEvent } from "../state/events.ts";
import type { DomainContext } from "./context.ts";

/** Records an event, durably and in the log. What it tells of has happened already, in the same turn; or put both down in
 *  one transaction, and log the event with `logEvent`. @throws what the log's `append` throws */
export async function recordEvent(context: DomainContext, event: NewEvent): Promise<void> {
  await logEvent(context, context.events.put(event, context.clock.now()));
}

/** Signs and logs an event that was put down. The log of a domain that was rolled back stays as it is; what happens then is
 *  logged when a person has decided. @throws what the log's `append` throws; the next start logs it then */
export async function logEvent(context: DomainContext, put: PutEvent): Promise<void> {
  const kept = await signEvent(context, put);
  if (context.standing.rolledBack !== null) return;
  const { index } = await context.log.append(commitment(kept.event, fromHex(kept.salt)));
  context.events.setLogIndex(kept.id, index);
}

/** Signs an event and keeps the salt of its entry. */
export async function signEvent(
  context: Pick<DomainContext, "config" | "keyring" | "random" | "events">,
  { id, kind, subject, at }: PutEvent,
): Promise<KeptEvent> {
  const body: DomainEvent = {
    type: "event",
    domain: context.config.domain,
    kind,
    ...(subject === undefined ? {} : { subject }),
    at,
  };
  const event = await signDocument(body, context.keyring.receiptKey);
  const salt = toHex(context.random.bytes(SALT_BYTES));
  context.events.sign(id, event, salt);
  return { id, event, salt, logIndex: null };
}
