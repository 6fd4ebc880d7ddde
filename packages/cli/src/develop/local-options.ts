/** Options of commands that run a job here; apart from the work, so that help loads nothing.
 *  @module */
import type { OptionSpec } from "../command.ts";
import { JOB_FILE_OPTIONS } from "./job-files.ts";

/** Documents, rows and seed. */
export const LOCAL_RUN_OPTIONS = {
  ...JOB_FILE_OPTIONS,
  rows: { value: "N", description: "synthetic rows (default: the policy's sample, at most 2000)" },
  seed: { value: "N", description: "seed of the rows and of the job's Math.random (default 1)" },
} as const satisfies Record<string, OptionSpec>;

/** Forms in which a job can be started. */
export const STARTING_FORMS = ["lookup", "set", "score", "table", "noisy"] as const;
export type StartingForm = (typeof STARTING_FORMS)[number];
