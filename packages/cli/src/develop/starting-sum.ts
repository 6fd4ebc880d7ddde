/** Source of a job that declares a column whose values callers sum over their lists. The domain takes them from the declaration.
 *  @module */
import { MIN_SUM_CONTRIBUTIONS } from "@sluice/protocol";
import { declaration, isNumber, magnitude, type NewJob, type ShownColumn } from "./starting-columns.ts";
import { PLAIN } from "./starting-noisy.ts";

/** Matches that a sum is told for: more than the least, so that its noise is the smaller part of it. */
const MINIMUM = 2 * MIN_SUM_CONTRIBUTIONS;

/** A job that sums the last number of those that no key changes; null without one. */
export function sumJob(job: NewJob, all: readonly ShownColumn[]): string | null {
  const column = all.filter(({ rule }) => rule !== undefined && PLAIN.includes(rule.transform.kind)).findLast(isNumber);
  if (column === undefined) return null;
  return `import { defineJob } from "@sluice/sandbox/job";

${declaration(job, [column])}
  /** Metrics leave, after the guard. Pairs of key and value are made by the domain from this declaration alone, over all rows, and stay
   *  there; callers learn sums over their lists, with noise. Limit, minimum and prices must not come from looking at rows. */
  outputs: {
    size: { kind: "metrics", keys: ["rows"] },
    total: {
      kind: "sum",
      field: "${column.name}",
      digits: 0,
      /** The total of each person is cut to it: noise grows with it. */
      limit: ${Math.max(1, Math.ceil(magnitude(column)))},
      /** Matches by their number with noise: for fewer there is no sum. */
      minimum: ${MINIMUM},
      /** ε of each count and of each sum, and of all answers that one caller has of one state of the table. */
      privacy: { count: "0.25", sum: "0.25", budget: "5" },
    },
  },

  /** Runs on a desensitised sample. There is no produce: no code of a job sees the rows behind the sums. */
  develop(rows, { log }) {
    log(\`\${rows.rowCount} rows\`);
    return { size: { rows: rows.rowCount } };
  },
});
`;
}
