/** Taking part, durably: quota, register and event in one transaction, and then what the noise costs; all before a row is read, so
 *  that nothing is learned from what was not paid for.
 *  @module */
import { chargeQuestion } from "@sluice/desensitize";
import { quotaOf } from "@sluice/evidence";
import type { AggregateRegister } from "@sluice/mpc/aggregate/party";
import { aggregateSubject, documentHash, OPERATION_UNITS, SluiceError, type Sha256Hex } from "@sluice/protocol";
import type { DomainContext } from "../serve/context.ts";
import { logEvent } from "../serve/events.ts";
import type { PutEvent } from "../state/events.ts";
import { refuseUnlicensed, type AdmittedAggregate } from "./admit-aggregate.ts";

/** Spends one aggregation of the grant and what the noise costs of the table's budget, and notes that this domain takes part.
 *  @throws ERR_AGGREGATE_REFUSED, ERR_QUOTA_SPENT, ERR_PRIVACY_BUDGET, ERR_CLOCK, and what `refuseUnlicensed` throws */
export async function registerAggregate(context: DomainContext, admitted: AdmittedAggregate): Promise<void> {
  const { agreement, hash, plan, held, cost } = admitted;
  const { resource } = held.grant.body;
  const subject = await aggregateSubject(agreement.plan);
  const content = await contentOf(context, admitted);
  const question = await documentHash({ type: "private-question", table: resource, aggregate: hash });
  const now = context.clock.now();
  // Nothing is awaited from here to the commit.
  refuseUnlicensed(context, admitted, now);
  const recipient = agreement.terms.recipient?.keyId ?? null;
  const parties = agreement.plan.parties.map(({ key }) => key).toSorted();
  const joined = { agreement: hash, plan, subject, content, parties, grant: held.hash, resource, recipient };
  const events: PutEvent[] = [];
  const outcome = context.uses.spend(
    {
      callId: agreement.plan.id,
      grant: held.hash,
      operation: "aggregate",
      amount: 1n,
      quota: quotaOf(held.grant.body, "aggregate"),
      unit: OPERATION_UNITS.aggregate,
      binding: hash,
      requestHash: hash,
      keyId: recipient ?? context.config.pins.departmentKey,
      nonce: agreement.plan.id,
      expiresAt: agreement.terms.deadline,
      now,
    },
    () => {
      const reason = context.aggregates.join({ ...joined, at: now.toISOString() });
      if (reason !== null) throw new SluiceError("ERR_AGGREGATE_REFUSED", { reason });
      events.push(context.events.put({ kind: "aggregate-joined", subject: hash }, now));
    },
  );
  if (outcome.kind === "already" || (outcome.kind === "denied" && outcome.reason.code !== "ERR_QUOTA_SPENT")) {
    throw new SluiceError("ERR_AGGREGATE_REFUSED", { reason: "its plan was used before" });
  }
  if (outcome.kind === "denied") throw new SluiceError(outcome.reason.code, outcome.reason.details);
  if (cost !== null) chargeQuestion(context.privacy, { table: resource, question, cost });
  const paid = context.privacy.takeEvent(question);
  for (const put of paid === null ? events : [...events, paid]) await logEvent(context, put);
}

/** What a party asks before it signs the survivors. That it takes part was noted by `registerAggregate`. */
export function domainRegister(
  { aggregates }: Pick<DomainContext, "aggregates">,
  agreement: Sha256Hex,
): AggregateRegister {
  return {
    admit: () => Promise.resolve(aggregates.has(agreement) ? null : "it was not noted"),
    settle: ({ parties }) => Promise.resolve(aggregates.settle(agreement, parties)),
  };
}

/** The state of the table: whatever is asked of it, it is asked with the same parties. */
async function contentOf({ data }: DomainContext, { held }: AdmittedAggregate): Promise<Sha256Hex> {
  const { resource } = held.grant.body;
  return await documentHash({ resource, snapshot: data.describe(resource).snapshot });
}
