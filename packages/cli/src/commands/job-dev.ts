/** `sluice job dev FILE`
 *  @module */
import { resolve } from "node:path";
import { isSluiceError, type SandboxRunner } from "@sluice/protocol";
import { JSON_OPTION, type Arguments, type Command, type CommandIo } from "../command.ts";
import { entryDocument, formatEntry, formatLocated } from "../develop/local-report.ts";
import { LOCAL_RUN_OPTIONS } from "../develop/local-options.ts";
import type { LocalJob, LocalRun } from "../develop/local-job.ts";
import { errorDocument, formatError } from "../error-text.ts";

/** Runs a job here, once or after every save. */
export const jobDev: Command = {
  path: ["job", "dev"],
  summary: "run the job in FILE here, on synthetic rows, in the domain's sandbox and under its guard",
  positionals: ["FILE"],
  options: {
    ...LOCAL_RUN_OPTIONS,
    watch: { description: "run again after every save, until interrupted" },
    ...JSON_OPTION,
  },
  notes:
    "Rows are made from resource.json, policy.json and, if there is one, profile.json, and describe nobody. `produce` runs with the model as the guard\n" +
    "rounded it. Exit code 1 when the job fails or the guard refuses; with --watch --json, one line for each run.",
  async run(args, io) {
    const file = resolve(args.positional(0));
    const { runSize } = await import("../develop/local-job.ts");
    const { createSandboxRunner } = await import("@sluice/sandbox");
    runSize(args); // before anything starts
    const runner = await createSandboxRunner();
    try {
      if (args.flag("watch")) return await watchJob(file, args, io, runner);
      return (await runOnce(file, args, io, runner)) ? 0 : 1;
    } finally {
      await runner.close();
    }
  },
};

async function watchJob(file: string, args: Arguments, io: CommandIo, runner: SandboxRunner): Promise<number> {
  const json = args.flag("json");
  const { FileWatch } = await import("../develop/file-watch.ts");
  const { jobFilePaths } = await import("../develop/job-files.ts");
  const watch = new FileWatch();
  try {
    await watch.add([file, ...Object.values(jobFilePaths(file, args))]);
    do {
      try {
        await runOnce(file, args, io, runner, (files) => watch.add(files));
      } catch (error) {
        if (!isSluiceError(error)) throw error;
        if (json) io.stdout.write(`${JSON.stringify(errorDocument(error))}\n`);
        else io.stderr.write(formatError(error));
      }
      if (!json && !io.signal.aborted) io.stdout.write("\nwatching; a save runs it again, an interrupt ends it\n");
    } while (await watch.changed(io.signal));
    return 0;
  } finally {
    watch.close();
  }
}

/** One run, printed. Whether it went well. */
async function runOnce(
  file: string,
  args: Arguments,
  io: CommandIo,
  runner: SandboxRunner,
  onBundled?: (files: readonly string[]) => Promise<void>,
): Promise<boolean> {
  const { isBlocking, openLocalJob, runLocalJob, runSize } = await import("../develop/local-job.ts");
  const local = await openLocalJob(file, args, runner, io.signal, onBundled);
  const blocking = local.problems.find(isBlocking);
  if (blocking !== undefined) throw blocking;
  const run = await runLocalJob(local, runSize(args), runner, io.signal);
  const failures = run.entries.flatMap(({ failure }) => failure ?? []);
  const ok = failures.length === 0;
  if (args.flag("json")) io.stdout.write(`${JSON.stringify(runDocument(local, run, ok))}\n`);
  else io.stdout.write(formatLocalRun(local, run));
  for (const failure of failures) io.stderr.write(formatLocated(failure));
  return ok;
}

function runDocument(
  { job, manifest, problems }: LocalJob,
  { rows, seed, params, entries }: LocalRun,
  ok: boolean,
): unknown {
  return {
    ok,
    bundle: job.bundle,
    sizeBytes: job.code.length,
    manifest,
    rows,
    seed,
    params,
    problems: problems.map((problem) => errorDocument(problem)["error"]),
    entries: entries.map((entry) => entryDocument(entry, manifest)),
  };
}

function formatLocalRun({ job, manifest, files, problems }: LocalJob, { rows, seed, entries }: LocalRun): string {
  const followed = files.profile === null ? "" : ", and follow its published profile";
  return [
    `${manifest.name}  bundle ${job.bundle}, ${job.code.length} bytes\n`,
    `${rows} synthetic rows of ${files.resource.resource}, seed ${seed}: they describe nobody${followed}\n`,
    ...problems.map(({ code, message }) => `note: a domain would refuse this now: ${code}: ${message}\n`),
    ...entries.map((entry) => `\n${formatEntry(entry, manifest)}`),
  ].join("");
}
