/** Source of a job that declares a table with noise, which the domain makes.
 *  @module */
import {
  declaration,
  isNumber,
  levelNames,
  memberName,
  quarters,
  rangeOf,
  type NewJob,
  type ShownColumn,
} from "./starting-columns.ts";

/** Transforms under which a column can be grouped or summed: those that no key changes. */
export const PLAIN: readonly string[] = ["keep", "mask", "generalize", "bucket", "hierarchy"];

/** A job whose table groups by the first number and the first boolean, and sums another number; null without such a column. */
export function noisyJob(job: NewJob, all: readonly ShownColumn[]): string | null {
  const { number, flag, measure, read } = plainColumns(all);
  const dimensions = [number, flag].filter((column) => column !== undefined);
  if (dimensions.length === 0) return null;
  return `import { defineJob } from "@sluice/sandbox/job";

${declaration(job, read)}
  /** Metrics leave, after the guard. The table is made by the domain from this declaration alone, over all rows, with noise;
   *  levels, bounds and price must not come from looking at rows. */
  outputs: {
    size: { kind: "metrics", keys: ["rows"] },
    groups: {
      kind: "noisy-table",
      dimensions: [
${dimensions.map((column) => `        ${dimensionSource(column)},`).join("\n")}
      ],
      measures: [${measure === undefined ? "" : measureSource(measure)}],
      /** Of one person: rows in a group, and groups, that count. */
      contribution: { rows: 1, groups: 1 },
      /** What the table takes of the budget that the department has set for its source. */
      loss: { mechanism: "gaussian", rho: "0.05" },
    },
  },

  /** Runs on a desensitised sample. There is no produce: no code of a job sees the rows behind the table. */
  develop(rows, { log }) {
    log(\`\${rows.rowCount} rows\`);
    return { size: { rows: rows.rowCount } };
  },
});
`;
}

/** The first number and boolean to group by and the next number to sum, of columns that no key changes; `read` has those. */
export function plainColumns(all: readonly ShownColumn[]): {
  readonly number: ShownColumn | undefined;
  readonly flag: ShownColumn | undefined;
  readonly measure: ShownColumn | undefined;
  readonly read: readonly ShownColumn[];
} {
  const columns = all.filter(({ rule }) => rule !== undefined && PLAIN.includes(rule.transform.kind));
  const [number, measure] = columns.filter(isNumber);
  const flag = columns.find(({ type }) => type === "bool");
  return { number, flag, measure, read: columns.filter((column) => [number, flag, measure].includes(column)) };
}

/** A dimension that groups by `column`: a boolean, or a number in quarters of its range. */
export function dimensionSource(column: ShownColumn): string {
  const named = `name: "${memberName(column)}", field: "${column.name}"`;
  if (column.type === "bool") return `{ ${named}, levels: ["no", "yes"], values: { false: 0, true: 1 } }`;
  const breaks = quarters(column);
  const levels = JSON.stringify(levelNames(breaks)).replaceAll('","', '", "');
  return `{ ${named}, levels: ${levels}, breaks: ${JSON.stringify(breaks).replaceAll(",", ", ")} }`;
}

function measureSource(column: ShownColumn): string {
  const { min, max } = rangeOf(column);
  return `{ name: "${memberName(column)}", field: "${column.name}", min: ${min}, max: ${max}, digits: 0 }`;
}
