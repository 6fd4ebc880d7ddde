/** What a grant shows of its table: the columns it names, under its policy, of the persons that its consent rule lets in.
 *  @module */
import type { ViewRequest } from "../data/sample.ts";
import type { HeldGrant } from "../state/documents.ts";
import type { DomainContext } from "./context.ts";

/** The view of `held`, of all granted columns: so k holds however many bundles look at parts of a sample. */
export function grantedView(
  context: Pick<DomainContext, "keyring">,
  { grant, policy }: HeldGrant,
  signal: AbortSignal,
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
