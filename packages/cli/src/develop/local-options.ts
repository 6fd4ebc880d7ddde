/** Options of commands that run a job here; apart from the work, so that help loads nothing.
 *  @module */
import { parseParams, type ParamValues } from "@sluice/protocol";
import type { Arguments, OptionSpec } from "../command.ts";
import { JOB_FILE_OPTIONS } from "./job-files.ts";

/** `--param` of a job. */
export const PARAM_OPTION = {
  param: {
    value: "NAME=VALUE",
    repeats: true,
    description: "a param of the job, once for each (default: its default)",
  },
} as const satisfies Record<string, OptionSpec>;

/** Documents, rows and seed. */
export const LOCAL_RUN_OPTIONS = {
  ...JOB_FILE_OPTIONS,
  rows: { value: "N", description: "synthetic rows (default: the policy's sample, at most 2000)" },
  ...PARAM_OPTION,
  seed: { value: "N", description: "seed of the rows and of the job's Math.random (default 1)" },
} as const satisfies Record<string, OptionSpec>;

/** Forms in which a job can be started. */
export const STARTING_FORMS = [
  "lookup",
  "set",
  "score",
  "hidden",
  "table",
  "noisy",
  "selection",
  "sum",
  "dataset",
] as const;
export type StartingForm = (typeof STARTING_FORMS)[number];

/** Models that a job of lookups can be started with; the first unless told otherwise, and the one of a score. */
export const STARTING_MODELS = ["linear", "tree", "scorecard", "clusters"] as const;
export type StartingModel = (typeof STARTING_MODELS)[number];

/** Params that the options name; undefined when they name none. @throws ERR_JOB_PARAM */
export function paramsOf(args: Arguments): ParamValues | undefined {
  const texts = args.texts("param");
  return texts.length === 0 ? undefined : parseParams(texts);
}
