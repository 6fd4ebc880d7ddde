/** Acceptance of a status: its stops take effect at once and stay, and the lease is the one that it gives. Who signed it
 *  decides, not who brought it: a gateway can keep a status back, and then the domain stops at the end of its lease.
 *  @module */
import { verifySigned } from "@sluice/evidence";
import { documentHash, MAX_CLOCK_SKEW_MS, SluiceError, type SignedStatus } from "@sluice/protocol";
import { MAX_LEASE_MS } from "../config.ts";
import type { DomainContext } from "./context.ts";
import { logEvent } from "./events.ts";
import { stopBarred, stopGrant } from "./stops.ts";

/** Keeps a status signed by the agency or the status key. One that is held already changes nothing.
 *  @throws ERR_SIGNATURE, ERR_GRANT_DOMAIN, ERR_BODY_INVALID, ERR_STATUS_OLD */
export async function acceptStatus(context: DomainContext, signed: SignedStatus): Promise<void> {
  const { config, clock } = context;
  const { pins, domain, maxLeaseMs = MAX_LEASE_MS } = config;
  const { body } = signed;
  const signers = [pins.agencyKey, ...(pins.statusKey === undefined ? [] : [pins.statusKey])];
  await verifySigned(signed, { required: [signers] });
  if (body.domain !== domain) throw new SluiceError("ERR_GRANT_DOMAIN", { domain });
  const issuedAt = Date.parse(body.issuedAt);
  const lastsMs = Date.parse(body.validUntil) - issuedAt;
  // Written so that an instant that is none refuses.
  if (!(issuedAt <= clock.now().getTime() + MAX_CLOCK_SKEW_MS)) {
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/body/issuedAt", expected: "an instant that is not ahead" });
  }
  if (!(lastsMs > 0 && lastsMs <= maxLeaseMs)) {
    const expected = `an instant at most ${maxLeaseMs} ms after issuedAt`;
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/body/validUntil", expected });
  }
  // The highest sequence is the last one: it may not be further than the time, in milliseconds, can take the others.
  if (body.sequence > clock.now().getTime() + MAX_CLOCK_SKEW_MS) {
    throw new SluiceError("ERR_BODY_INVALID", {
      pointer: "/body/sequence",
      expected: "no more than the time in milliseconds",
    });
  }
  const subject = await documentHash(body);
  const held = context.statuses.latest()?.body;
  if (held !== undefined && subject === (await documentHash(held))) return;
  const event = context.db.transaction(() => {
    const sequence = context.statuses.latest()?.body.sequence ?? 0;
    if (body.sequence <= sequence) {
      throw new SluiceError("ERR_STATUS_OLD", { held: sequence, sequence: body.sequence });
    }
    context.statuses.put(signed);
    for (const grant of body.revoked) context.memberships.endOfGrant(grant, clock.now().toISOString());
    return context.events.put({ kind: "status", subject }, clock.now());
  });
  context.standing.extend(body);
  for (const grant of body.revoked) stopGrant(context, grant);
  if (body.suspended.length > 0) stopBarred(context);
  await logEvent(context, event);
}
