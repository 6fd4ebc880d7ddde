/** The source of a new job, by the form of the product that it makes: over the granted columns, or over all that the
 *  policy shows.
 *  @module */
import { viewColumns } from "@sluice/desensitize";
import { FORM_OPERATIONS, type ProductForm } from "@sluice/protocol";
import { usage } from "../command.ts";
import type { StartingForm } from "./local-options.ts";
import { declaration, hasLevels, isNumber, magnitude, type NewJob, type ShownColumn } from "./starting-columns.ts";
import { datasetJob } from "./starting-dataset.ts";
import { setJob, tableJob } from "./starting-groups.ts";
import { hiddenJob } from "./starting-hidden.ts";
import { modelSource } from "./starting-model.ts";
import { noisyJob } from "./starting-noisy.ts";
import { selectionJob } from "./starting-selection.ts";
import { sumJob } from "./starting-sum.ts";

/** Most features of the job that is written. */
const MAX_STARTING_FEATURES = 16;
/** Largest magnitude of the columns that a score starts with: each power of ten costs as much precision of all scores. */
const MAX_SCORED_MAGNITUDE = 1_000;

/** Source of a job that runs as it is. Without a form, a job whose columns have nothing to learn counts them.
 *  @throws ERR_USAGE when the columns make no job of the form */
export function startingJob(job: NewJob): string {
  const { resource, policy, grant } = job;
  const granted = grant?.fields.map((field) => field.name);
  const columns = Object.entries(viewColumns(policy, resource))
    .filter(([name]) => granted?.includes(name) ?? true)
    .map(([name, type]): ShownColumn => ({ name, type, rule: policy.columns[name] }));
  const form = job.form ?? (job.model === undefined ? grantedForm(job) : "lookup");
  const source = form === undefined ? scoringJob(job, columns, "lookup") : sourceOf(job, columns, form);
  if (source !== null) return source;
  if (form === undefined) return countingJob(job, columns);
  throw usage(`no ${form} job can be started from these columns: it needs ${NEEDS[form]}`);
}

const LEARNING = "a boolean to learn, and a number or a text with few levels to learn it from";
const NEEDS: Readonly<Record<StartingForm, string>> = {
  lookup: LEARNING,
  score: LEARNING,
  hidden: "a boolean to learn, and a number to learn it from",
  set: "a boolean or a number",
  table: "a boolean or a number",
  noisy: "a boolean or a number",
  selection: "a number that no key changes",
  sum: "a number that no key changes",
  dataset: "a column that is no direct identifier, and a policy whose sharing is not enclave",
};

function sourceOf(job: NewJob, columns: readonly ShownColumn[], form: StartingForm): string | null {
  switch (form) {
    case "lookup":
    case "score":
      return scoringJob(job, columns, form);
    case "hidden":
      return hiddenJob(job, columns);
    case "set":
      return setJob(job, columns);
    case "table":
      return tableJob(job, columns);
    case "noisy":
      return noisyJob(job, columns);
    case "selection":
      return selectionJob(job, columns);
    case "sum":
      return sumJob(job, columns);
    case "dataset":
      return datasetJob(job, columns);
  }
}

/** The form whose operations the grant names; none for lookups, with which a job starts when its columns allow it. */
function grantedForm({ grant }: NewJob): StartingForm | undefined {
  const forms: [StartingForm, ProductForm][] = [
    ["set", "psi-ids"],
    ["set", "psi-cardinality"],
    ["score", "score"],
    ["table", "report"],
    ["dataset", "dataset"],
    ["selection", "hidden-selection"],
    ["sum", "join-sum"],
  ];
  const operations: readonly string[] = grant?.operations ?? [];
  return forms.find(([, form]) => FORM_OPERATIONS[form].some((one) => operations.includes(one)))?.[0];
}

/** A job that fits a model of the first boolean, or clusters, and serves bands of it, the clusters, or a linear score itself. */
function scoringJob(job: NewJob, columns: readonly ShownColumn[], form: "lookup" | "score"): string | null {
  const { model: kind = "linear" } = job;
  const outcome = columns.find(({ type }) => type === "bool");
  const features = columns
    .filter((column) => isNumber(column) || hasLevels(column))
    .filter((column) => form === "lookup" || magnitude(column) <= MAX_SCORED_MAGNITUDE)
    .slice(0, MAX_STARTING_FEATURES);
  if (outcome === undefined || features.length === 0) return null;
  const told = kind === "clusters" ? null : outcome;
  const read = columns.filter((column) => column === told || features.includes(column));
  const model = modelSource(kind, outcome.name);
  const names = JSON.stringify(features.map(({ name }) => name)).replaceAll(",", ", ");
  const served = kind === "clusters" ? CLUSTER_PARTS : form === "lookup" ? BAND_PARTS : scoreParts(features);
  return `import { defineJob } from "@sluice/sandbox/job";
import { ${[...model.kit, ...served.kit].toSorted().join(", ")} } from "@sluice/sandbox/kit";

const FEATURES = ${names};
${served.top}
${declaration(job, read)}
${served.comment}
  outputs: {
    fit: { kind: "metrics", keys: ["${model.metrics.join('", "')}"] },
    model: ${model.spec},
    ${served.output},
  },

  /** Runs on a desensitised sample. */
  develop(rows, { progress, log }) {
${model.develop}    return { fit, model };
  },
${served.produce}});
`;
}

/** What a scoring job has beside the fit, by form. */
interface ServedParts {
  readonly kit: readonly string[];
  readonly top: string;
  readonly comment: string;
  readonly output: string;
  readonly produce: string;
}

const BAND_PARTS: ServedParts = {
  kit: ["bands"],
  top: `/** Upper bounds of the probability in bands A, B and C. */
const CUTOFFS = [0.1, 0.2, 0.4];
`,
  comment:
    "  /** Metrics and model leave, after the guard; labels stay in the domain and are asked about one by one. */",
  output: 'band: { kind: "labels", vocabulary: ["A", "B", "C", "D"] }',
  produce: `
  /** Runs on every row, after the department has released exactly this bundle and this model. */
  produce(rows, model) {
    return { band: bands(predict(model, rows), CUTOFFS) };
  },
`,
};

const CLUSTER_PARTS: ServedParts = {
  ...BAND_PARTS,
  kit: [],
  top: "",
  produce: `
  /** Runs on every row, after the department has released exactly this bundle and this model. The number of the nearest centre is
   *  the code of the label. */
  produce(rows, model) {
    return { band: Uint8Array.from(predict(model, rows)) };
  },
`,
};

function scoreParts(features: readonly ShownColumn[]): ServedParts {
  const featureBound = 10 ** Math.ceil(Math.log10(Math.max(1, ...features.map(magnitude))));
  return {
    kit: [],
    top: "",
    comment: `  /** Metrics and model leave, after the guard. The domain scores encrypted columns with the model, which counts as
   *  published; callers apply the link. */`,
    output: `score: { kind: "score", featureBound: ${featureBound}, link: "logistic" }`,
    produce: "",
  };
}

function countingJob(job: NewJob, columns: readonly ShownColumn[]): string {
  return `import { defineJob } from "@sluice/sandbox/job";

${declaration(job, columns)}
  /** What may leave, after the guard. */
  outputs: { size: { kind: "metrics", keys: ["rows"] } },

  /** Runs on a desensitised sample. */
  develop(rows, { log }) {
    log(\`\${rows.rowCount} rows\`);
    return { size: { rows: rows.rowCount } };
  },
});
`;
}
