/** Fields that a grant names (G20): its key, the columns callers join by, and the columns jobs read, with grade and reach as the catalogue
 *  has them. The catalogue says that a column names its subject; whether subjects are persons or enterprises is told by the caller.
 *  @module */
import { SluiceError, type Grant, type ResourceDescription } from "@sluice/protocol";
import type { GrantedField } from "./price-input.ts";

/** The fields of `grant`, which is for `resource`, whose rows are about a `person` or an `enterprise`.
 *  @throws ERR_SETTLEMENT_MISSING when the catalogue does not have a field. */
export function grantedFields(
  grant: Pick<Grant, "resource" | "key" | "joinFields" | "fields">,
  resource: Pick<ResourceDescription, "resource" | "fields">,
  rowsAbout: "person" | "enterprise",
): GrantedField[] {
  const names = new Set([grant.key, ...(grant.joinFields ?? []), ...grant.fields.map(({ name }) => name)]);
  return [...names].map((name) => {
    const field = resource.fields.find((one) => one.name === name);
    if (field === undefined || grant.resource !== resource.resource) {
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `${grant.resource}/${name}`, rule: "G20" });
    }
    const locates = field.role === "direct" ? rowsAbout : "none";
    return { resource: resource.resource, field: name, grade: field.grade, locates };
  });
}
