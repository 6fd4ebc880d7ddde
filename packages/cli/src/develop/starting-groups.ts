/** Sources of jobs that say of each row where it belongs: in a set, or in groups of a table.
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

/** A job whose set is the rows where the first boolean is true, or the first number is large; null without such a column. */
export function setJob(job: NewJob, columns: readonly ShownColumn[]): string | null {
  const column = columns.find(({ type }) => type === "bool") ?? columns.find(isNumber);
  if (column === undefined) return null;
  const { min, max } = rangeOf(column);
  const least = column.type === "bool" ? 1 : (min + max) / 2;
  const cardinality = job.grant?.operations.includes("psi.cardinality") ?? false;
  return `import { defineJob } from "@sluice/sandbox/job";
import { memberFlags, numbersOf } from "@sluice/sandbox/kit";

/** Whose keys are in the set; a row without a value is not. */
const isMember = (${column.name}: number): boolean => ${column.name} >= ${least};

${declaration(job, [column])}
  /** Metrics leave, after the guard. Callers match lists with the set and learn ${cardinality ? "how many of theirs are in it" : "which of theirs are in it"}. */
  outputs: {
    size: { kind: "metrics", keys: ["rows", "share"] },
    members: { kind: "set", match: "${cardinality ? "psi-cardinality" : "psi-ids"}" },
  },

  /** Runs on a desensitised sample. */
  develop(rows, { log }) {
    const count = numbersOf(rows.${column.name}).filter(isMember).length;
    log(\`\${count} of \${rows.rowCount} rows\`);
    return { size: { rows: rows.rowCount, share: count / rows.rowCount } };
  },

  /** Runs on every row, after the department has released exactly this bundle. */
  produce(rows) {
    const values = numbersOf(rows.${column.name});
    return { members: memberFlags(rows, (row) => isMember(values[row])) };
  },
});
`;
}

/** A job whose table groups by the first number and the first boolean, and shows the mean of another number; null
 *  without such a column. */
export function tableJob(job: NewJob, columns: readonly ShownColumn[]): string | null {
  const [number, measure] = columns.filter(isNumber);
  const flag = columns.find(({ type }) => type === "bool");
  const dimensions = [number, flag].filter((column) => column !== undefined);
  if (dimensions.length === 0) return null;
  const read = columns.filter((column) => dimensions.includes(column) || column === measure);
  const breaks = number === undefined ? [] : quarters(number);
  const levels = dimensions.map((column) => (column === flag ? ["no", "yes"] : levelNames(breaks)));
  const measures = measure === undefined ? "[]" : `["${memberName(measure)}"]`;
  return `import { defineJob } from "@sluice/sandbox/job";
import { groupByBreaks${measure === undefined ? "" : ", numbersOf"} } from "@sluice/sandbox/kit";
${number === undefined ? "" : `\n/** Where a group of ${number.name} ends and the next begins. */\nconst BREAKS = ${JSON.stringify(breaks).replaceAll(",", ", ")};\n`}
${declaration(job, read)}
  /** Metrics leave, after the guard, which makes the table: small groups are not in it, counts and means are rounded. */
  outputs: {
    size: { kind: "metrics", keys: ["rows"] },
    groups: {
      kind: "table",
      dimensions: [
${dimensions.map((column, i) => `        { name: "${memberName(column)}", levels: ${JSON.stringify(levels[i]).replaceAll('","', '", "')} },`).join("\n")}
      ],
      measures: ${measures},
    },
  },

  /** Runs on a desensitised sample. */
  develop(rows, { log }) {
    log(\`\${rows.rowCount} rows\`);
    return { size: { rows: rows.rowCount } };
  },

  /** Runs on every row, after the department has released exactly this bundle. Says for each row where it belongs. */
  produce(rows) {
    return {
      groups: {
        dimensions: {
${dimensions.map((column) => `          ${memberName(column)}: groupByBreaks(rows.${column.name}, ${column === flag ? "[1]" : "BREAKS"}),`).join("\n")}
        },
        measures: {${measure === undefined ? "" : ` ${memberName(measure)}: numbersOf(rows.${measure.name}) `}},
      },
    };
  },
});
`;
}
