/** Source of a job that fits a model with a hidden layer which stays in the domain.
 *  @module */
import { declaration, isNumber, rangeOf, type NewJob, type ShownColumn } from "./starting-columns.ts";

/** Most features of the job that is written. */
const MAX_STARTING_FEATURES = 16;
/** Units and resolution that the job starts with. */
const UNITS = 8;
const RESOLUTION = 0.01;

/** A job that fits the first boolean to the numbers; null when there is none of either. */
export function hiddenJob(job: NewJob, all: readonly ShownColumn[]): string | null {
  const outcome = all.find(({ type }) => type === "bool");
  const features = all.filter(isNumber).slice(0, MAX_STARTING_FEATURES);
  if (outcome === undefined || features.length === 0) return null;
  const read = all.filter((column) => column === outcome || features.includes(column));
  const bounds = features.map((feature) => {
    const { min, max } = rangeOf(feature);
    return `  { name: "${feature.name}", low: ${min}, high: ${max} },`;
  });
  return `import { defineJob } from "@sluice/sandbox/job";
import { auc, designMatrix, squareNetwork, squareScores } from "@sluice/sandbox/kit";

/** Columns that callers encrypt, and their bounds. Both are published: take them from knowledge of a column, not from its values. */
const FEATURES = [
${bounds.join("\n")}
];
const NAMES = FEATURES.map(({ name }) => name);
const FIT = { bounds: FEATURES.map(({ low, high }) => [low, high] as const), units: ${UNITS} };

${declaration(job, read)}
  /** Metrics leave, after the guard. The model stays in the domain, which scores encrypted columns with it: scores give its form away
   *  to the noise, of which \`resolution\` is the least standard deviation. Each call spends 8,192 rows. */
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    risk: { kind: "square-network", features: FEATURES, maxUnits: ${UNITS}, link: "logistic", resolution: ${RESOLUTION} },
  },

  /** Runs on a desensitised sample: how well such a model does is all that is told of it. */
  develop(rows, { log }) {
    const matrix = designMatrix(rows, NAMES);
    const model = squareNetwork(matrix, rows.${outcome.name}.values, FIT);
    const fit = { auc: auc(squareScores(model, matrix), rows.${outcome.name}.values), rows: rows.rowCount };
    log(\`\${rows.rowCount} rows, auc \${fit.auc.toFixed(3)}\`);
    return { fit };
  },

  /** Runs on every row, after the department has released exactly this bundle. */
  produce(rows) {
    return { risk: squareNetwork(designMatrix(rows, NAMES), rows.${outcome.name}.values, FIT) };
  },
});
`;
}
