/** Admission of one use: the domain's own check, made again for every request, whatever the gateway says.
 *  A stranger gets one constant answer; a party of the grant is told the declared fact that failed.
 *  @module */
import { evaluateGrant, quotaOf, verifySigned } from "@sluice/evidence";
import {
  documentHash,
  formOfOperation,
  isSluiceError,
  MAX_CLOCK_SKEW_MS,
  MAX_REQUEST_VALIDITY_MS,
  OPERATION_UNITS,
  sha256Hex,
  SluiceError,
  type Bytes,
  type CallEnvelope,
  type Denial,
  type Grant,
  type GrantParty,
  type KeyId,
  type Operation,
  type Sha256Hex,
  type SignedRequest,
  type UseRequest,
} from "@sluice/protocol";
import type { HeldGrant } from "../state/documents.ts";
import type { DomainContext } from "./context.ts";
import { refuseRegraded } from "./regraded.ts";

/** A request whose signer, time, body and grant were checked; nothing is spent yet. */
export interface Admitted {
  readonly request: UseRequest;
  readonly requestHash: Sha256Hex;
  readonly keyId: KeyId;
  readonly held: HeldGrant;
  readonly frame: Bytes;
  readonly signed: SignedRequest;
}

/** What the body of a job declares, once it is known. */
export interface DeclaredUse {
  readonly fields: readonly string[];
  readonly purpose: string;
}

/** Checks signer, suspension, time, digest and revocation. @throws ERR_NOT_ADMITTED to strangers, or the failed fact. */
export async function admit(context: DomainContext, envelope: CallEnvelope): Promise<Admitted> {
  const { body: request, signatures } = envelope.request;
  const held = context.documents.grant(request.grant);
  const keyId = signatures[0]?.keyId;
  if (
    held === null ||
    keyId === undefined ||
    !partiesFor(held.grant.body, request.operation).some((party) => party.keyId === keyId)
  ) {
    throw new SluiceError("ERR_NOT_ADMITTED");
  }
  try {
    await verifySigned(envelope.request, { required: [[keyId]] });
  } catch (cause) {
    if (isSluiceError(cause, "ERR_SIGNATURE")) throw new SluiceError("ERR_NOT_ADMITTED", {}, { cause });
    throw cause;
  }
  refuseParty(context, { request, keyId, held });
  checkTime(request, context.clock.now());
  if ((await sha256Hex(envelope.frame)) !== request.bodyDigest) throw new SluiceError("ERR_BODY_DIGEST");
  const admitted: Admitted = {
    request,
    requestHash: await documentHash(request),
    keyId,
    held,
    frame: envelope.frame,
    signed: envelope.request,
  };
  refuseStopped(context, admitted);
  return admitted;
}

/** Refuses what was stopped, perhaps since it was admitted: by a suspension or a replaced key of its party, by a
 *  revocation, by a new classification of its table, or because the domain itself may not work.
 *  @throws ERR_PARTY_SUSPENDED, ERR_NOT_ADMITTED, ERR_GRANT_REVOKED, ERR_GRANT_REGRADED, and what `Standing` throws */
export function refuseStopped(context: DomainContext, admitted: Admitted, now: Date = context.clock.now()): void {
  refuseParty(context, admitted);
  context.standing.assertWorks(admitted.held, now);
  if (context.documents.isRevoked(admitted.held.hash)) throw new SluiceError("ERR_GRANT_REVOKED");
  refuseRegraded(context, admitted.held);
}

/** Refuses what was stopped, and what is not under its grant any more because the term has ended.
 *  @throws what `refuseStopped` and `decide` throw */
export function refuseEnded(context: DomainContext, admitted: Admitted, now: Date = context.clock.now()): void {
  refuseStopped(context, admitted, now);
  decide(context, admitted, null, now);
}

/** Decides the use under its grant. @throws the first failed reason; `alsoFailed` names the others. */
export function decide(
  context: DomainContext,
  admitted: Admitted,
  declared: DeclaredUse | null,
  now: Date = context.clock.now(),
): void {
  const { request, keyId, held } = admitted;
  if (request.domain !== context.config.domain)
    throw new SluiceError("ERR_GRANT_DOMAIN", { domain: held.grant.body.domain });
  const decision = evaluateGrant(
    held.grant.body,
    {
      operation: request.operation,
      domain: context.config.domain,
      keyId,
      fields: declared?.fields ?? [],
      ...(declared === null ? {} : { purpose: declared.purpose }),
    },
    now,
  );
  if (!decision.ok) throw denialError(decision.reasons);
}

/** Spends the nonce and the quota, durably, and with a new charge does `also`. Returns whether this call was charged before.
 *  @throws ERR_REPLAY, ERR_CALL_REUSED, ERR_QUOTA_SPENT, ERR_CLOCK, and what `refuseEnded` and `also` throw */
export async function spend(
  context: DomainContext,
  admitted: Admitted,
  amount: bigint,
  also?: (now: Date) => void,
): Promise<"spent" | "already"> {
  const { request, requestHash, keyId, held } = admitted;
  const { nonce: _nonce, issuedAt: _issuedAt, expiresAt: _expiresAt, ...repeated } = request;
  const binding = await documentHash({ ...repeated, keyId });
  // Nothing is awaited from here to the commit: what was stopped or has ended before it is not spent.
  const now = context.clock.now();
  refuseEnded(context, admitted, now);
  const pending = {
    callId: request.callId,
    grant: held.hash,
    operation: request.operation,
    amount,
    quota: quotaOf(held.grant.body, request.operation),
    unit: OPERATION_UNITS[request.operation],
    binding,
    requestHash,
    keyId,
    nonce: request.nonce,
    expiresAt: request.expiresAt,
    now,
  };
  const outcome = context.uses.spend(pending, () => also?.(now));
  if (outcome.kind === "denied") throw denialError([outcome.reason]);
  return outcome.kind;
}

type Documents = Pick<DomainContext, "documents">;
type Signer = Pick<Admitted, "request" | "keyId" | "held">;

/** Whether the key that signed a use may not sign any more. */
export function isBarred(context: Documents, signer: Signer): boolean {
  return partyRefusal(context, signer) !== null;
}

function refuseParty(context: Documents, signer: Signer): void {
  const refusal = partyRefusal(context, signer);
  if (refusal !== null) throw refusal;
}

/** A suspension is told; a key that the agency has replaced is a stranger's. */
function partyRefusal({ documents }: Documents, { request, keyId, held }: Signer): SluiceError | null {
  const named = partiesFor(held.grant.body, request.operation).filter((party) => party.keyId === keyId);
  if (documents.isSuspended(keyId)) {
    return new SluiceError("ERR_PARTY_SUSPENDED", { party: named.map(({ party }) => party).join(" or ") });
  }
  const standing = named.some(({ party }) => [null, keyId].includes(documents.keyOfParty(party)));
  return standing ? null : new SluiceError("ERR_NOT_ADMITTED");
}

function partiesFor(grant: Grant, operation: Operation): GrantParty[] {
  if (operation === "develop") return [grant.developer];
  if (operation === "build") return [grant.operator];
  return formOfOperation(operation) === null ? [] : grant.callers;
}

function checkTime(request: UseRequest, now: Date): void {
  const issued = Date.parse(request.issuedAt);
  const expires = Date.parse(request.expiresAt);
  // Written so that an instant that is none refuses.
  const begun = now.getTime() >= issued - MAX_CLOCK_SKEW_MS;
  const timely = now.getTime() <= expires && expires - issued <= MAX_REQUEST_VALIDITY_MS;
  if (!begun || !timely) throw new SluiceError("ERR_REQUEST_EXPIRED");
}

function denialError(reasons: readonly Denial[]): SluiceError {
  const [first, ...others] = reasons;
  if (first === undefined) return new SluiceError("ERR_NOT_ADMITTED");
  const alsoFailed = others.map((reason) => reason.code).join(" ");
  return new SluiceError(first.code, alsoFailed === "" ? first.details : { ...first.details, alsoFailed });
}
