/** Products and the quality of their table: none is launched on a table that is below what its officers expect, or of which nobody
 *  knows.
 *  @module */
import { judgeQuality, ruleFields } from "@sluice/desensitize";
import { SluiceError, type QualityRule, type ResourceDescription } from "@sluice/protocol";
import type { QualityStore } from "../state/quality.ts";
import type { DomainContext } from "./context.ts";

/** Passes when `resource` has no rules, or was measured as it is now, with every table that its rules refer to, and is good enough.
 *  Whether data are young enough is judged by the clock of now.
 *  @throws ERR_QUALITY, ERR_QUALITY_UNMEASURED, ERR_NOT_FOUND */
export function refusePoorQuality(
  {
    data,
    quality,
    clock,
  }: Pick<DomainContext, "clock"> & {
    readonly data: Pick<DomainContext["data"], "describe" | "resources">;
    readonly quality: Pick<QualityStore, "rules" | "measurement">;
  },
  resource: string,
): void {
  const rules = quality.rules(resource)?.rules;
  if (rules === undefined) return;
  const description = data.describe(resource);
  const measured = quality.measurement(description);
  const tables = new Map(data.resources().map(({ resource: name, snapshot }) => [name, snapshot]));
  if (measured?.references.every((other) => tables.get(other.resource) === other.snapshot) !== true) {
    throw new SluiceError("ERR_QUALITY_UNMEASURED", { resource });
  }
  const verdict = judgeQuality(rules, measured.outcomes, clock.now());
  if (verdict.passed) return;
  const failed = verdict.rules.find(({ passed }) => !passed)?.rule;
  const [rule, field] = failed === undefined ? ["score", "all rules"] : [failed.type, shownField(failed, description)];
  throw new SluiceError("ERR_QUALITY", { resource, rule, field });
}

/** What a rule is about, in declared names; never the name of a field that the domain does not publish. */
function shownField(rule: QualityRule, { fields }: ResourceDescription): string {
  const names = ruleFields(rule);
  const isExcluded = (name: string) => fields.some((field) => field.name === name && field.excluded !== undefined);
  if (names.some(isExcluded)) return "a field that is not published";
  return names.length === 0 ? "the table as a whole" : names.join(", ");
}
