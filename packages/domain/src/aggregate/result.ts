/** The result of an aggregation: signed, kept and logged when it is opened, and given, sealed, to the recipient of the agreement and to
 *  this domain's department.
 *  @module */
import { createLogProof, evaluateGrant, SALT_BYTES, signDocument, verifySigned } from "@sluice/evidence";
import { sealQuery } from "@sluice/evidence/seal";
import type { AggregateSum } from "@sluice/mpc/aggregate/party";
import {
  aggregateSealContext,
  documentHash,
  fromHex,
  isSluiceError,
  SluiceError,
  toHex,
  utf8,
  type AggregateResult,
  type Bytes,
  type EvidencedAggregateResult,
  type KeyId,
  type Sha256Hex,
  type SignedAggregateAsk,
} from "@sluice/protocol";
import type { DomainContext } from "../serve/context.ts";
import { logEvent } from "../serve/events.ts";
import { refuseRegraded } from "../serve/regraded.ts";
import type { AdmittedAggregate } from "./admit-aggregate.ts";

/** Signs, keeps and logs the sum. */
export async function keepResult(
  context: DomainContext,
  { hash, held, cost }: AdmittedAggregate,
  { survivors, sum, wrongShares }: AggregateSum,
): Promise<void> {
  const now = context.clock.now();
  const body: AggregateResult = {
    type: "aggregate-result",
    domain: context.config.domain,
    agreement: hash,
    grant: held.hash,
    survivors: [...survivors],
    wrongShares: [...wrongShares],
    sum: sum.map(String),
    ...(cost === null ? {} : { privacyCost: String(cost) }),
    salt: toHex(context.random.bytes(SALT_BYTES)),
    at: now.toISOString(),
  };
  const result = await signDocument(body, context.keyring.receiptKey);
  const subject = await documentHash(body);
  const put = context.db.transaction(() => {
    const event = context.events.put({ kind: "aggregate-result", subject }, now);
    context.aggregates.putResult(hash, { result, event: event.id });
    return event;
  });
  await logEvent(context, put);
}

/** The result with its evidence, sealed to who asks. A stranger gets one constant answer; a recipient needs the grant as on the first day.
 *  @throws ERR_NOT_ADMITTED, what `refuseRecipient` throws; ERR_STATE while there is no result; ERR_RECEIPT when the seal key is none */
export async function sealedResult(context: DomainContext, ask: SignedAggregateAsk): Promise<Bytes> {
  const { agreement, domain, sealKey } = ask.body;
  const recipient = context.aggregates.recipient(agreement);
  if (recipient === undefined || domain !== context.config.domain) throw new SluiceError("ERR_NOT_ADMITTED");
  const asking = [context.config.pins.departmentKey, ...(recipient === null ? [] : [recipient])];
  await verifySigned(ask, { required: [asking] }).catch((cause: unknown) => {
    if (!isSluiceError(cause, "ERR_SIGNATURE")) throw cause;
    throw new SluiceError("ERR_NOT_ADMITTED", {}, { cause });
  });
  const { keyId = "" } = ask.signatures[0] ?? {};
  if (context.documents.isSuspended(keyId)) throw new SluiceError("ERR_PARTY_SUSPENDED", { party: keyId });
  if (keyId !== context.config.pins.departmentKey) refuseRecipient(context, agreement, keyId);
  const kept = context.aggregates.result(agreement);
  if (kept === null) {
    const needed = "a sum that this domain has opened";
    throw new SluiceError("ERR_STATE", { kind: "aggregation", name: agreement, state: "without a result", needed });
  }
  const { event, salt, logIndex } = context.events.kept(kept.event);
  if (logIndex === null) {
    throw new SluiceError("ERR_STATE", {
      kind: "aggregation",
      name: agreement,
      state: "not logged",
      needed: "its log",
    });
  }
  const domainLog = await createLogProof(context.provenLog, logIndex, fromHex(salt));
  const content: EvidencedAggregateResult = { result: kept.result, evidence: { event, domainLog } };
  const { frame } = await sealQuery(sealKey, utf8(JSON.stringify(content)), await aggregateSealContext(ask.body));
  return frame;
}

/** Refuses a recipient whose grant was taken back, has ended or shows what was graded anew, or whose key the agency has replaced.
 *  @throws ERR_NOT_ADMITTED, ERR_GRANT_REVOKED, ERR_GRANT_REGRADED, what grants are refused with, and what `Standing` throws */
function refuseRecipient(context: DomainContext, agreement: Sha256Hex, keyId: KeyId): void {
  const { config, documents, standing } = context;
  const hash = context.aggregates.grant(agreement);
  const held = hash === null ? null : documents.grant(hash);
  if (held === null) throw new SluiceError("ERR_NOT_ADMITTED");
  const named = held.grant.body.callers.filter((caller) => caller.keyId === keyId);
  if (!named.some(({ party }) => [null, keyId].includes(documents.keyOfParty(party)))) {
    throw new SluiceError("ERR_NOT_ADMITTED");
  }
  const now = context.clock.now();
  standing.assertWorks(held, now);
  if (documents.isRevoked(held.hash)) throw new SluiceError("ERR_GRANT_REVOKED");
  refuseRegraded(context, held);
  const use = { operation: "aggregate", domain: config.domain, keyId, fields: [] } as const;
  const decision = evaluateGrant(held.grant.body, use, now);
  if (decision.ok) return;
  const [first] = decision.reasons;
  throw first === undefined ? new SluiceError("ERR_NOT_ADMITTED") : new SluiceError(first.code, first.details);
}
