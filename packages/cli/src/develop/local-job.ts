/** A job as it lies on the developer's disk: bundled, described by the sandbox, and held against its documents.
 *  @module */
import {
  isSluiceError,
  paramValues,
  type ParamValues,
  type SluiceError,
  type ErrorCode,
  type JobManifest,
  type SandboxRunner,
} from "@sluice/protocol";
import { describeBundle } from "@sluice/sandbox";
import { bundleForDevelopment, type DevelopmentBundle } from "@sluice/sandbox/bundle";
import type { Arguments } from "../command.ts";
import { admissionProblems } from "./admission.ts";
import { readJobFiles, type JobFiles } from "./job-files.ts";
import { locateError, runLocally, type EntryReport } from "./local-run.ts";
import { paramsOf } from "./local-options.ts";
import { defaultRows, MAX_SYNTHETIC_ROWS } from "./row-counts.ts";

const MAX_SEED = 2 ** 31 - 1;
const DEFAULT_SEED = 1;

/** A job that can be run here. */
export interface LocalJob {
  readonly job: DevelopmentBundle;
  readonly manifest: JobManifest;
  readonly files: JobFiles;
  /** What a domain would refuse before it reads a row. */
  readonly problems: readonly SluiceError[];
}

/** Problems without which no rows can be made for the job. The others leave it able to run here. */
const BLOCKING: readonly ErrorCode[] = ["ERR_POLICY", "ERR_POLICY_COLUMN", "ERR_GRANT_FIELD", "ERR_JOB_MANIFEST"];

/** Whether rows can be made for a job that has `problem`. */
export function isBlocking(problem: SluiceError): boolean {
  return BLOCKING.includes(problem.code);
}

/** Reads, bundles and describes the job in `file`; `onBundled` is told the files of the bundle before anything runs.
 *  @throws ERR_JOB_BUNDLE, ERR_JOB_CAPABILITY, ERR_JOB_MANIFEST, ERR_JOB_THREW at its TypeScript line, ERR_USAGE, ERR_DIRECTORY_STATE */
export async function openLocalJob(
  file: string,
  args: Arguments,
  runner: SandboxRunner,
  signal: AbortSignal,
  onBundled?: (files: readonly string[]) => Promise<void>,
): Promise<LocalJob> {
  const job = await bundleForDevelopment(file);
  await onBundled?.(job.files);
  const files = await readJobFiles(file, args);
  const manifest = await describe(job, runner, signal);
  return { job, manifest, files, problems: await admissionProblems(manifest, files, new Date()) };
}

async function describe(job: DevelopmentBundle, runner: SandboxRunner, signal: AbortSignal): Promise<JobManifest> {
  try {
    return (await describeBundle(runner, job.code, { signal })).manifest;
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    throw locateError(error, job.sourceMap).error;
  }
}

/** What a run was made with, and what became of it. */
export interface LocalRun {
  readonly rows: number;
  readonly seed: number;
  readonly params: ParamValues;
  readonly entries: readonly EntryReport[];
}

/** Rows and seed that the options name. @throws ERR_USAGE */
export function runSize(args: Arguments): {
  rows: number | undefined;
  seed: number;
  params: ParamValues | undefined;
} {
  return {
    params: paramsOf(args),
    rows: args.integer("rows", 1, MAX_SYNTHETIC_ROWS),
    seed: args.integer("seed", 0, MAX_SEED) ?? DEFAULT_SEED,
  };
}

/** Runs a job that has no blocking problem. */
export async function runLocalJob(
  { job, manifest, files }: LocalJob,
  size: ReturnType<typeof runSize>,
  runner: SandboxRunner,
  signal: AbortSignal,
): Promise<LocalRun> {
  const rows = size.rows ?? defaultRows(files.policy);
  const { seed } = size;
  const params = paramValues(manifest.params, size.params);
  const options = { params, runner, source: files, rows, exact: size.rows !== undefined, seed, signal };
  return { rows, seed, params, entries: await runLocally(job, manifest, options) };
}
