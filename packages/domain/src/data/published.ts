/** What a domain tells others of its resources: never a field that is excluded from authorisation.
 *  @module */
import type { ResourceDescription, ResourceProfile } from "@sluice/protocol";

/** `resources` without excluded fields, and without resources of which nothing is left. */
export function publishedResources(resources: readonly ResourceDescription[]): ResourceDescription[] {
  return resources.flatMap((resource) => {
    const fields = resource.fields.filter(({ excluded }) => excluded === undefined);
    return fields.length === 0 ? [] : [{ ...resource, fields }];
  });
}

/** Whether `profile` shows nothing that its resource, as it is classified now, would keep back: no excluded field, and no figures of
 *  one that identifies or is graded important or core. */
export function mayPublishProfile(profile: ResourceProfile, { fields }: ResourceDescription): boolean {
  return profile.columns.every(({ field: name, kind }) => {
    const field = fields.find((one) => one.name === name);
    if (field === undefined || field.excluded !== undefined) return false;
    return kind === "shape" || (field.role !== "direct" && field.grade !== "important" && field.grade !== "core");
  });
}
