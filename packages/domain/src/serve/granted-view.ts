/** What a grant shows of its table: the columns it names, under its policy, of the persons that its consent rule lets in.
 *  @module */
import type { CutRequest } from "@sluice/desensitize";
import type { ResourceDescription } from "@sluice/protocol";
import type { ViewRequest } from "../data/sample.ts";
import type { HeldGrant } from "../state/documents.ts";
import type { DomainContext } from "./context.ts";

/** The view of `held`, of all granted columns: so k holds however many bundles look at parts of a sample. */
export function grantedView(
  context: Pick<DomainContext, "keyring">,
  { grant, policy }: HeldGrant,
  signal: AbortSignal | undefined,
): ViewRequest {
  const { resource, key, fields, consent, scene } = grant.body;
  return {
    resource,
    policy,
    key,
    fields: fields.map((field) => field.name),
    ...(consent.kind === "subject-consent" ? { consent: consent.field } : {}),
    tokenKey: context.keyring.derive("token", scene.scene),
    signal,
  };
}

/** The sample of `held`, for the register of samples. */
export function grantedCuts({ grant, policy }: HeldGrant, resource: ResourceDescription): CutRequest {
  const { key, fields, consent, scene } = grant.body;
  return {
    policy,
    resource,
    fields: fields.map(({ name }) => name),
    subject: key,
    scene: scene.scene,
    ...(consent.kind === "subject-consent" ? { consent: consent.field } : {}),
  };
}
