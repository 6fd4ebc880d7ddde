/** Acceptance of signed documents that change what a domain allows. The signer decides, never the sender:
 *  a gateway with all of its keys can deliver these, it cannot make them.
 *  @module */
import { checkPolicy, viewColumns } from "@sluice/desensitize";
import { verifySigned } from "@sluice/evidence";
import {
  documentHash,
  sameParams,
  SluiceError,
  type ConsentRule,
  type GrantDelivery,
  type ResourceDescription,
  type Sha256Hex,
  type SignedParty,
  type SignedRelease,
  type SignedRevocation,
} from "@sluice/protocol";
import type { NewEvent } from "../state/events.ts";
import type { DomainContext } from "./context.ts";
import { logEvent } from "./events.ts";
import { stopBarred, stopGrant } from "./stops.ts";

/** Keeps a party statement signed by the agency. @throws ERR_SIGNATURE */
export async function acceptParty(context: DomainContext, party: SignedParty): Promise<void> {
  await verifySigned(party, { required: [[context.config.pins.agencyKey]] });
  const event = { kind: "party", subject: await documentHash(party.body) } as const;
  await keep(context, event, {
    put: () => context.documents.putParty(party),
    afterwards: () => {
      context.observer.log.write({ event: "party", party: party.body.party, status: party.body.status });
      stopBarred(context);
    },
  });
}

/** Keeps a grant signed by department and agency, with the policy it names. Returns its hash.
 *  @throws ERR_SIGNATURE, ERR_GRANT_DOMAIN, ERR_BODY_INVALID, ERR_POLICY, ERR_GRANT_FIELD, ERR_NOT_FOUND */
export async function acceptGrant(context: DomainContext, delivery: GrantDelivery): Promise<Sha256Hex> {
  const { grant, policy } = delivery;
  const { pins, domain } = context.config;
  await verifySigned(grant, { required: [[pins.departmentKey], [pins.agencyKey]] });
  if (grant.body.domain !== domain) throw new SluiceError("ERR_GRANT_DOMAIN", { domain: grant.body.domain });
  if ((await documentHash(policy)) !== grant.body.policy || policy.resource !== grant.body.resource) {
    throw new SluiceError("ERR_POLICY", { pointer: "/", reason: "it is not the policy that the grant names" });
  }
  const resource = context.data.describe(grant.body.resource);
  const known = new Set(resource.fields.map((field) => field.name));
  const { key, joinFields = [] } = grant.body;
  for (const field of [key, ...joinFields, ...grant.body.fields.map((entry) => entry.name)]) {
    if (!known.has(field)) throw new SluiceError("ERR_GRANT_FIELD", { field });
  }
  checkConsent(grant.body.consent, resource);
  for (const field of [key, ...joinFields]) checkPolicy(policy, resource, field);
  const shown = viewColumns(policy, resource);
  for (const { name } of grant.body.fields) {
    if (shown[name] !== undefined) continue;
    throw new SluiceError("ERR_POLICY", {
      pointer: `/columns/${name}`,
      reason: "the grant names it, and the policy does not show it",
    });
  }
  const hash = await documentHash(grant.body);
  await keep(
    context,
    { kind: "grant", subject: hash },
    { put: () => context.documents.putGrant({ hash, grant, policy }) },
  );
  return hash;
}

/** The field of a consent tells yes or no of each row. @throws ERR_BODY_INVALID */
function checkConsent(consent: ConsentRule, resource: ResourceDescription): void {
  if (consent.kind !== "subject-consent") return;
  const field = resource.fields.find(({ name }) => name === consent.field);
  if (field?.type !== "boolean" || field.excluded !== undefined) {
    throw new SluiceError("ERR_BODY_INVALID", {
      pointer: "/grant/body/consent/field",
      expected: "a boolean field of the resource that is not excluded",
    });
  }
}

/** Takes a grant back, at once, or before it was ever delivered: then it never begins.
 *  @throws ERR_SIGNATURE, ERR_GRANT_DOMAIN */
export async function acceptRevocation(context: DomainContext, revocation: SignedRevocation): Promise<void> {
  const { pins, domain } = context.config;
  await verifySigned(revocation, { required: [[pins.departmentKey, pins.agencyKey, pins.recoveryKey]] });
  if (revocation.body.domain !== domain) throw new SluiceError("ERR_GRANT_DOMAIN", { domain });
  const event = { kind: "grant-revoked", subject: await documentHash(revocation.body) } as const;
  await keep(context, event, {
    put: () => {
      context.memberships.endOfGrant(revocation.body.grant, context.clock.now().toISOString());
      return context.documents.putRevocation(revocation);
    },
    afterwards: () => {
      context.observer.log.write({ event: "grant-revoked", grant: revocation.body.grant });
      stopGrant(context, revocation.body.grant);
    },
  });
}

/** Keeps a release signed by the department, after finding the exact guarded run that it names.
 *  @throws ERR_SIGNATURE, ERR_GRANT_UNKNOWN, ERR_RELEASE_MISSING when no completed run here fits it */
export async function acceptRelease(context: DomainContext, release: SignedRelease): Promise<Sha256Hex> {
  const { body } = release;
  await verifySigned(release, { required: [[context.config.pins.departmentKey]] });
  if (body.domain !== context.config.domain || context.documents.grant(body.grant) === null) {
    throw new SluiceError("ERR_GRANT_UNKNOWN", { grant: body.grant });
  }
  const runs = context.work.developmentRuns(body.bundle, body.grant);
  const reports = await Promise.all(runs.map((run) => documentHash(run.guardReport)));
  const models = await Promise.all(
    runs.map(async ({ model }) => (model === undefined ? undefined : documentHash(model))),
  );
  const manifests = await Promise.all(runs.map((run) => documentHash(run.manifest)));
  const fits = runs.some(
    ({ params }, i) =>
      reports[i] === body.guardReport &&
      models[i] === body.model &&
      manifests[i] === body.manifest &&
      sameParams(params, body.params),
  );
  if (!fits) throw new SluiceError("ERR_RELEASE_MISSING", { product: body.product, version: body.version });
  const hash = await documentHash(body);
  await keep(context, { kind: "release", subject: hash }, { put: () => context.documents.putRelease(hash, release) });
  return hash;
}

/** Keeps a document together with the event that it came; `afterwards` follows in the same turn, before the log is waited for.
 *  A document that changes nothing is no event. */
async function keep(
  context: DomainContext,
  event: NewEvent,
  { put, afterwards = () => {} }: { put: () => boolean; afterwards?: () => void },
): Promise<void> {
  const kept = context.db.transaction(() => (put() ? context.events.put(event, context.clock.now()) : null));
  if (kept === null) return;
  afterwards();
  await logEvent(context, kept);
}
