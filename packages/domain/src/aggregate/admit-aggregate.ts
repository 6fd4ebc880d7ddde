/** Whether this domain takes part in an aggregation: every department has signed exactly this plan, its own one among them, and its
 *  own grant has the operation, the columns and the recipient. Asked again before each message. Nothing here reads a row.
 *  @module */
import { gaussianCost, rational } from "@sluice/desensitize";
import { evaluateGrant, verifySigned } from "@sluice/evidence";
import {
  aggregateSensitivitySquared,
  canonicalBytes,
  checkAggregateAgreement,
  columnsOf,
  documentHash,
  MIN_AGGREGATE_PERSONS,
  sha256Hex,
  SluiceError,
  type AggregateAgreement,
  type Policy,
  type Sha256Hex,
  type SignedAggregate,
} from "@sluice/protocol";
import type { DomainContext } from "../serve/context.ts";
import { refuseRegraded } from "../serve/regraded.ts";
import type { HeldGrant } from "../state/documents.ts";
import { checkAggregateColumns } from "./aggregate-columns.ts";

/** An agreement that was checked. */
export interface AdmittedAggregate {
  readonly hash: Sha256Hex;
  /** Hash of the plan, which all messages name. */
  readonly plan: Sha256Hex;
  readonly agreement: AggregateAgreement;
  /** Number of this domain in the plan. */
  readonly own: number;
  readonly held: HeldGrant;
  /** Micro-rho that the table pays; null without noise. */
  readonly cost: bigint | null;
}

/** Checks an agreement, and that it may be kept now.
 *  @throws ERR_AGGREGATE_PLAN, ERR_AGGREGATE_REFUSED, ERR_SIGNATURE, ERR_GRANT_UNKNOWN, ERR_PRIVACY_PARAMETER, ERR_PRIVACY_BUDGET, and
 *  what `refuseUnlicensed` throws */
export async function admitAggregate(context: DomainContext, signed: SignedAggregate): Promise<AdmittedAggregate> {
  const { body: agreement } = signed;
  await checkAggregateAgreement(agreement);
  const { plan, terms } = agreement;
  const { keyId } = context.keyring.receiptKey;
  const own = plan.parties.findIndex(({ party, key }) => party === context.config.domain && key === keyId);
  const member = terms.members[own];
  if (member === undefined) throw refused("the plan does not name its key");
  await verifySigned(signed, { required: terms.members.map(({ department }) => [department]) });
  const { departmentKey } = context.config.pins;
  if (member.department !== departmentKey) {
    throw new SluiceError("ERR_SIGNATURE", { type: "aggregate", signer: departmentKey });
  }
  const held = context.documents.grant(member.grant);
  if (held === null) throw new SluiceError("ERR_GRANT_UNKNOWN", { grant: member.grant });
  const admitted = {
    hash: await documentHash(agreement),
    plan: await sha256Hex(canonicalBytes(plan)),
    agreement,
    own,
    held,
    cost: costOf(context, held, agreement),
  };
  refuseUnlicensed(context, admitted);
  return admitted;
}

/** Refuses what is not, or not any more, under the grant.
 *  @throws ERR_AGGREGATE_REFUSED, what grants are refused with, ERR_PARTY_SUSPENDED, ERR_POLICY, and what `Standing` throws */
export function refuseUnlicensed(
  context: DomainContext,
  { agreement, held }: Pick<AdmittedAggregate, "agreement" | "held">,
  now: Date = context.clock.now(),
): void {
  const { plan, terms } = agreement;
  context.standing.assertWorks(held, now);
  if (context.documents.isRevoked(held.hash)) throw new SluiceError("ERR_GRANT_REVOKED");
  refuseRegraded(context, held);
  const { recipient } = terms;
  const { callers, resource } = held.grant.body;
  const keyId = recipient?.keyId ?? callers[0]?.keyId ?? "";
  const use = {
    operation: "aggregate",
    domain: context.config.domain,
    keyId,
    fields: columnsOf(plan.statistic),
  } as const;
  const decision = evaluateGrant(held.grant.body, use, now);
  if (!decision.ok) {
    const [first] = decision.reasons;
    throw first === undefined ? refused("its grant does not cover it") : new SluiceError(first.code, first.details);
  }
  if (recipient !== undefined) {
    if (context.documents.isSuspended(keyId)) throw new SluiceError("ERR_PARTY_SUSPENDED", { party: recipient.party });
    const standing = callers.some((caller) => caller.keyId === keyId && caller.party === recipient.party);
    if (!standing || ![null, keyId].includes(context.documents.keyOfParty(recipient.party))) {
      throw refused("the recipient is no caller of its grant");
    }
  }
  checkAggregateColumns(plan.statistic, held.policy);
  if (terms.cellAtLeast !== undefined && terms.cellAtLeast < leastPersons(held.policy)) {
    throw refused("its policy wants more persons in a cell");
  }
  // Written so that a time that is none refuses.
  if (!(now.getTime() < Date.parse(terms.deadline))) throw refused("the time of the plan is over");
  if (context.aggregates.isLost(context.data.describe(resource).importedAt)) {
    throw refused("what was asked of this state of its table before is not known");
  }
}

/** Fewest persons of this domain in a sum, and in a cell of counts. */
export function leastPersons({ k }: Pick<Policy, "k">): number {
  return Math.max(k, MIN_AGGREGATE_PERSONS);
}

/** What the noise leaves to pay: one person is in at most so many rows. */
function costOf(context: DomainContext, { grant }: HeldGrant, { plan, terms }: AggregateAgreement): bigint | null {
  if (plan.noise === undefined) return null;
  const { resource, key } = grant.body;
  const person = context.privacy.person(resource);
  if (person !== null && person !== key) {
    const expected = `a grant by ${person}, as the budget is`;
    throw new SluiceError("ERR_PRIVACY_PARAMETER", { field: "key", expected });
  }
  const rows = BigInt(terms.rowsOfPerson);
  const [whole = "0", fraction = ""] = plan.noise.variance.split(".");
  const variance = rational(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
  const cost = gaussianCost(aggregateSensitivitySquared(plan.statistic) * rows * rows, variance);
  const { budget, spent } = context.privacy.read(resource);
  if (budget === null || spent + cost > budget) throw new SluiceError("ERR_PRIVACY_BUDGET", {});
  return cost;
}

function refused(reason: string): SluiceError {
  return new SluiceError("ERR_AGGREGATE_REFUSED", { reason });
}
