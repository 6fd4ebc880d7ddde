/** Whether a rule cuts a column along the hierarchy that the resource declares for it: two samples that are cut otherwise can
 *  be laid over each other, and tell more than either.
 *  @module */
import { SluiceError, topLevel } from "@sluice/protocol";
import type { Hierarchy, ResourceField, Transform } from "@sluice/protocol";

/** Characters of YYYY-MM-DD that tell a unit and nothing finer. */
const DATE_LENGTHS = { month: 7, year: 4 } as const;

/** @throws ERR_POLICY when the rule names a level that the field does not have, or cuts it at no level. */
export function checkHierarchy(pointer: string, transform: Transform, { hierarchy }: ResourceField): void {
  const fail = (reason: string): never => {
    throw new SluiceError("ERR_POLICY", { pointer, reason });
  };
  if (transform.kind === "hierarchy") {
    if (hierarchy === undefined) fail("the resource declares no hierarchy for this column");
    else if (transform.level > topLevel(hierarchy)) fail(`expected a level up to ${topLevel(hierarchy)}`);
  } else if (hierarchy !== undefined && !isLevel(transform, hierarchy)) {
    fail("expected a level of the hierarchy that the resource declares for this column");
  }
}

/** Whether a bucket or prefix is one of the levels. Other transforms do not cut. */
function isLevel(transform: Transform, hierarchy: Hierarchy): boolean {
  if (transform.kind === "bucket") {
    const { width, min, max } = transform;
    return (
      hierarchy.kind === "intervals" &&
      hierarchy.widths.includes(width) &&
      hierarchy.min === min &&
      hierarchy.max === max
    );
  }
  if (transform.kind !== "generalize") return true;
  const { length } = transform;
  if (hierarchy.kind === "prefix") return hierarchy.lengths.includes(length);
  if (hierarchy.kind !== "date") return false;
  return hierarchy.units.some((unit) => (unit === "month" || unit === "year") && DATE_LENGTHS[unit] === length);
}
