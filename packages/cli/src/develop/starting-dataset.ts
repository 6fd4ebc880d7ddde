/** Source of a job that declares a data set, which the domain takes from the certified sample.
 *  @module */
import { MAX_DATASET_FIELDS } from "@sluice/protocol";
import { declaration, type NewJob, type ShownColumn } from "./starting-columns.ts";

/** Days of the term that the job starts with. */
const STARTING_DAYS = 30;

/** A job whose data set has every shown column but direct identifiers, whatever a policy makes of those; null when there is
 *  no such column, or when the policy's sample stays in an enclave. */
export function datasetJob(job: NewJob, all: readonly ShownColumn[]): string | null {
  if (job.policy.sharing === "enclave") return null;
  const read = all.filter(({ rule }) => rule?.role !== "direct").slice(0, MAX_DATASET_FIELDS);
  if (read.length === 0) return null;
  return `import { defineJob } from "@sluice/sandbox/job";

${declaration(job, read)}
  /** Metrics leave, after the guard. The domain takes the rows from this declaration alone, out of the certified sample: what a
   *  caller has read it can copy, so name the columns that it needs and no more. */
  outputs: {
    size: { kind: "metrics", keys: ["rows"] },
    people: {
      kind: "dataset",
      fields: [
${read.map(({ name }) => `        "${name}",`).join("\n")}
      ],
      /** For which a caller may read them; it pays for rows × fields × days when they begin. */
      days: ${STARTING_DAYS},
    },
  },

  /** Runs on the sample that callers get. There is no produce: no code of a job chooses rows. */
  develop(rows, { log }) {
    log(\`\${rows.rowCount} rows\`);
    return { size: { rows: rows.rowCount } };
  },
});
`;
}
