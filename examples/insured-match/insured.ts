/** Who counts as insured: the one rule behind both jobs of this example.
 *  @module */

/** Months of contributions that make an insured person; the policy shows them in years. */
const MIN_MONTHS = 12;
/** Months behind with contributions at most. */
const MAX_ARREARS = 3;

/** What both jobs read. */
export const INPUT = { months_insured: "f64", arrears_months: "f64" } as const;

/** Rows as both jobs have them. */
interface InsuredRows {
  readonly rowCount: number;
  readonly months_insured: { readonly values: Float64Array };
  readonly arrears_months: { readonly values: Float64Array };
}

/** 1 for each insured row, else 0. */
export function insured({ rowCount, months_insured, arrears_months }: InsuredRows): Uint8Array {
  const members = new Uint8Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const months = months_insured.values[row] ?? 0;
    const arrears = arrears_months.values[row] ?? 0;
    members[row] = months >= MIN_MONTHS && arrears <= MAX_ARREARS ? 1 : 0;
  }
  return members;
}

/** What a development run tells of the rule: how many rows it was tried on, and what share of them is insured. */
export function tried(rows: InsuredRows): { rows: number; share: number } {
  let members = 0;
  for (const member of insured(rows)) members += member;
  return { rows: rows.rowCount, share: members / rows.rowCount };
}
