/** Source of a job that declares groups for sums under hidden selections, which the domain forms.
 *  @module */
import { MIN_SELECTION_GROUPS } from "@sluice/protocol";
import { declaration, memberName, rangeOf, type NewJob, type ShownColumn } from "./starting-columns.ts";
import { dimensionSource, plainColumns } from "./starting-noisy.ts";

/** ε of the sums of the job that is written: to be weighed against the grant's, which counts all of them. */
const EPSILON = "0.5";
/** Groups that are selected at least, and left out. */
const MINIMUM = MIN_SELECTION_GROUPS;
/** Sums beyond it take minutes to open. */
const MAX_STARTING_SUM = 1e11;

/** A job whose groups are by the first number and the first boolean, and which sums another number; null without a number. */
export function selectionJob(job: NewJob, all: readonly ShownColumn[]): string | null {
  const { number, flag, measure, read } = plainColumns(all);
  // A boolean alone makes two groups.
  if (number === undefined) return null;
  const dimensions = [number, ...(flag === undefined ? [] : [flag])];
  const mostRows = 10 * (job.resource.approximateRows ?? 0) || 1_000_000;
  return `import { defineJob } from "@sluice/sandbox/job";

${declaration(job, read)}
  /** Metrics leave, after the guard. Groups and sums are made by the domain from this declaration alone, over all rows, and stay
   *  there; callers get sums over groups that they select, with noise. Levels, bounds and prices must not come from looking at rows. */
  outputs: {
    size: { kind: "metrics", keys: ["rows"] },
    sums: {
      kind: "hidden-selection",
      dimensions: [
${dimensions.map((column) => `        ${dimensionSource(column)},`).join("\n")}
      ],
      /** Selected, and left out. */
      minimumGroups: ${MINIMUM},
      /** Of one person: rows in a group, and groups, that count. */
      contribution: { rows: 1, groups: 1 },
      /** Price of each count of rows, and the most that it can be. */
      rows: { epsilon: "${EPSILON}", most: ${mostRows} },
      measures: [${measure === undefined ? "" : measureSource(measure, mostRows)}],
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

function measureSource(column: ShownColumn, mostRows: number): string {
  const { min, max } = rangeOf(column);
  const most = Math.min(MAX_STARTING_SUM, Math.max(1, Math.abs(min), Math.abs(max)) * mostRows);
  return `{ name: "${memberName(column)}", field: "${column.name}", min: ${min}, max: ${max}, digits: 0, epsilon: "${EPSILON}", most: ${most} }`;
}
