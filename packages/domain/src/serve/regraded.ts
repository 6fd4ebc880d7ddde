/** Licences after a new classification: an officer may grade a field higher, call it identifying, or exclude it, and a grant that
 *  was accepted before may show it. Then no use of the grant is admitted, and what was built under it answers no more.
 *  @module */
import { checkPolicy } from "@sluice/desensitize";
import { isSluiceError, SluiceError } from "@sluice/protocol";
import type { HeldGrant } from "../state/documents.ts";
import type { DomainContext } from "./context.ts";

/** Passes when the grant's policy fits its resource as that is classified now.
 *  @throws ERR_GRANT_REGRADED, ERR_NOT_FOUND */
export function refuseRegraded(
  { data }: { readonly data: Pick<DomainContext["data"], "describe"> },
  { grant, policy }: HeldGrant,
): void {
  const { resource, key, joinFields = [], consent } = grant.body;
  const description = data.describe(resource);
  const refuse = (pointer: string, reason: string): never => {
    throw new SluiceError("ERR_GRANT_REGRADED", { resource, pointer, reason });
  };
  try {
    for (const field of [key, ...joinFields]) checkPolicy(policy, description, field);
  } catch (error) {
    if (isSluiceError(error, "ERR_POLICY")) refuse(String(error.details["pointer"]), String(error.details["reason"]));
    if (isSluiceError(error, "ERR_POLICY_COLUMN")) {
      refuse(`/columns/${String(error.details["column"])}`, "the resource has no such column");
    }
    throw error;
  }
  if (consent.kind !== "subject-consent") return;
  const field = description.fields.find(({ name }) => name === consent.field);
  if (field?.excluded !== undefined) refuse("/consent/field", "the field is excluded from authorisation");
}
