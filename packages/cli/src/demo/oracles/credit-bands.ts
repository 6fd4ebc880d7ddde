/** The plain computation on raw rows that every private lookup is compared with. It shares no code with the job, the
 *  sandbox or the policy: it restates in a few lines what the released model means.
 *  @module */
import type { ReleasedModel } from "@sluice/protocol";
import type { CityTable } from "../city/table.ts";
import { columnOf, step } from "./plain-rows.ts";

/** Label of every person by identity number, computed from the generated rows in the clear. */
export function plainLabels(table: CityTable, key: string, released: ReleasedModel | undefined): Map<string, string> {
  const model = released?.kind === "linear-model" ? released : undefined;
  const column = columnOf(table);
  const keyColumn = column(key);
  const features: Record<string, (row: readonly string[]) => number> = {
    age: (row) => step(row[column("age")], 20, 20, 60),
    months_insured: (row) => step(row[column("months_insured")], 12, 0, 480),
    monthly_base: (row) => step(row[column("monthly_base")], 500, 0, 40_000),
    arrears_months: (row) => step(row[column("arrears_months")], 1, 0, 24),
    fund_months: (row) => step(row[column("fund_months")], 12, 0, 480),
  };
  const labels = new Map<string, string>();
  for (const row of table.rows()) {
    let score = model?.intercept ?? Number.NaN;
    for (const [i, name] of (model?.features ?? []).entries())
      score += (model?.weights[i] ?? 0) * (features[name]?.(row) ?? Number.NaN);
    const probability = 1 / (1 + Math.exp(-score));
    labels.set(
      row[keyColumn] ?? "",
      probability < 0.05 ? "A" : probability < 0.1 ? "B" : probability < 0.2 ? "C" : "D",
    );
  }
  return labels;
}
