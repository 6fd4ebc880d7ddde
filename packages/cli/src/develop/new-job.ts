/** The files of a new job: a job that runs as it is, its documents, and a configuration by which an editor types it.
 *  @module */
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { viewColumns } from "@sluice/desensitize";
import { SluiceError, type ColumnType } from "@sluice/protocol";
import type { JobFiles } from "./job-files.ts";

/** What a new job is about. */
export interface NewJob extends Pick<JobFiles, "resource" | "policy" | "grant"> {
  /** Name of the job. */
  readonly name: string;
  /** Purpose that the grant must name. */
  readonly purpose: string;
}

/** Most features of the job that is written. */
const MAX_STARTING_FEATURES = 16;
/** Longest line of the job that is written. */
const MAX_SOURCE_COLUMNS = 100;

/** Writes the files into `directory`. Returns their names. @throws ERR_CONFLICT when one exists, ERR_DIRECTORY_UNWRITABLE */
export async function writeNewJob(directory: string, job: NewJob): Promise<string[]> {
  const files: Record<string, string> = {
    "job.ts": jobSource(job),
    "resource.json": json(job.resource),
    "policy.json": json(job.policy),
    ...(job.grant === null ? {} : { "grant.json": json(job.grant) }),
    "tsconfig.json": json(editorConfiguration()),
  };
  try {
    await mkdir(directory, { recursive: true });
    for (const name of Object.keys(files)) await refuseExisting(join(directory, name));
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text, { flag: "wx" });
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
  return Object.keys(files);
}

async function refuseExisting(file: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists) throw new SluiceError("ERR_CONFLICT", { kind: "file", name: file });
}

function json(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** A job has the language and its columns: no DOM, no Node. The job's modules are typed from this installation. */
function editorConfiguration(): unknown {
  const typesOf = (entry: string): string[] => [fileURLToPath(import.meta.resolve(entry))];
  return {
    compilerOptions: {
      target: "es2024",
      lib: ["es2024"],
      types: [],
      module: "preserve",
      moduleResolution: "bundler",
      allowImportingTsExtensions: true,
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      paths: {
        "@sluice/sandbox/job": typesOf("@sluice/sandbox/job"),
        "@sluice/sandbox/kit": typesOf("@sluice/sandbox/kit"),
      },
    },
    include: ["**/*.ts"],
  };
}

/** A job over the granted columns, or over all that the policy shows. It fits a score when there is an outcome to learn
 *  (the first boolean) and something to learn it from; otherwise it counts. */
function jobSource({ name, purpose, resource, policy, grant }: NewJob): string {
  const granted = grant?.fields.map((field) => field.name);
  const shown = Object.entries(viewColumns(policy, resource)).filter(([column]) => granted?.includes(column) ?? true);
  const outcome = shown.find(([, type]) => type === "bool")?.[0];
  const features = shown
    .filter(
      ([column, type]) => isNumber(type) || (type === "dict" && hasLevels(policy.columns[column]?.transform.kind)),
    )
    .map(([column]) => column)
    .slice(0, MAX_STARTING_FEATURES);
  if (outcome === undefined || features.length === 0) return countingJob(name, purpose, shown);
  const read = shown.filter(([column]) => column === outcome || features.includes(column));
  return scoringJob(name, purpose, read, features, outcome);
}

function isNumber(type: ColumnType): boolean {
  return type === "f64" || type === "i32";
}

function hasLevels(transform: string | undefined): boolean {
  return transform === "keep" || transform === "generalize";
}

function inputSource(columns: readonly (readonly [string, ColumnType])[]): string {
  const members = columns.map(([column, type]) => `${column}: "${type}"`);
  const line = `{ ${members.join(", ")} }`;
  return line.length <= MAX_SOURCE_COLUMNS ? line : `{\n${members.map((member) => `    ${member},\n`).join("")}  }`;
}

function scoringJob(
  name: string,
  purpose: string,
  columns: readonly (readonly [string, ColumnType])[],
  features: readonly string[],
  outcome: string,
): string {
  return `import { defineJob } from "@sluice/sandbox/job";
import { auc, bands, designMatrix, featureNames, logisticRegression, predict } from "@sluice/sandbox/kit";

const FEATURES = ${JSON.stringify(features).replaceAll(",", ", ")};
/** Upper bounds of the probability in bands A, B and C. */
const CUTOFFS = [0.1, 0.2, 0.4];

export default defineJob({
  name: "${name}",
  purpose: "${purpose}",
  /** Columns, with their type after the policy's transforms. */
  input: ${inputSource(columns)},
  /** Metrics and model leave, after the guard; labels stay in the domain and are asked about one by one. */
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    model: { kind: "linear-model", maxParameters: 64 },
    band: { kind: "labels", vocabulary: ["A", "B", "C", "D"] },
  },

  /** Runs on a desensitised sample. */
  develop(rows, { progress, log }) {
    const matrix = designMatrix(rows, featureNames(rows, FEATURES));
    const model = logisticRegression(matrix, rows.${outcome}.values, { onProgress: progress });
    const fit = { auc: auc(predict(model, matrix), rows.${outcome}.values), rows: rows.rowCount };
    log(\`\${rows.rowCount} rows, auc \${fit.auc.toFixed(3)}\`);
    return { fit, model };
  },

  /** Runs on every row, after the department has released exactly this bundle and this model. */
  produce(rows, model) {
    return { band: bands(predict(model, rows), CUTOFFS) };
  },
});
`;
}

function countingJob(name: string, purpose: string, columns: readonly (readonly [string, ColumnType])[]): string {
  return `import { defineJob } from "@sluice/sandbox/job";

export default defineJob({
  name: "${name}",
  purpose: "${purpose}",
  /** Columns, with their type after the policy's transforms. */
  input: ${inputSource(columns)},
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
