/** `sluice job check FILE`
 *  @module */
import { resolve } from "node:path";
import { USUAL_BUNDLE_BYTES } from "@sluice/protocol";
import { lockfileText } from "../lockfile-text.ts";
import { JSON_OPTION, type Command } from "../command.ts";
import type { LocalJob, LocalRun } from "../develop/local-job.ts";
import { LOCAL_RUN_OPTIONS } from "../develop/local-options.ts";
import { entryDocument, formatEntry, formatLocated } from "../develop/local-report.ts";
import { errorDocument } from "../error-text.ts";
import { formatTable } from "../table.ts";

/** Tells everything that a domain would say to a job, before it is submitted. */
export const jobCheck: Command = {
  path: ["job", "check"],
  summary: "tell what a domain would refuse or change of the job in FILE, before it is submitted",
  positionals: ["FILE"],
  options: { ...LOCAL_RUN_OPTIONS, ...JSON_OPTION },
  notes:
    "Checks the bundle, its manifest, each column against policy and grant, and what the guard does with its outputs on\n" +
    "synthetic rows. Exit code 1 when anything would be refused.",
  async run(args, io) {
    const file = resolve(args.positional(0));
    const { isBlocking, openLocalJob, runLocalJob, runSize } = await import("../develop/local-job.ts");
    const { createSandboxRunner } = await import("@sluice/sandbox");
    const size = runSize(args);
    const runner = await createSandboxRunner();
    try {
      const local = await openLocalJob(file, args, runner, io.signal);
      const run = local.problems.some(isBlocking) ? null : await runLocalJob(local, size, runner, io.signal);
      const failures = (run?.entries ?? []).flatMap(({ failure }) => failure ?? []);
      const refusals = [...local.problems.map((error) => ({ error, place: null })), ...failures];
      if (args.flag("json")) io.stdout.write(`${JSON.stringify(await checkDocument(local, run, refusals.length))}\n`);
      else io.stdout.write(await formatCheck(local, run, refusals.length));
      for (const refusal of refusals) io.stderr.write(formatLocated(refusal));
      return refusals.length === 0 ? 0 : 1;
    } finally {
      await runner.close();
    }
  },
};

/** One column of the manifest, beside what policy and grant say of it. */
interface CheckedColumn {
  readonly column: string;
  readonly declared: string;
  /** Type under the policy; null when it does not show the column. */
  readonly shown: string | null;
  readonly transform: string | null;
  /** Null without a grant. */
  readonly granted: boolean | null;
}

async function checkedColumns({ manifest, files }: LocalJob): Promise<CheckedColumn[]> {
  const { viewColumns } = await import("@sluice/desensitize");
  const { resource, policy, grant } = files;
  const shown = viewColumns(policy, resource);
  return Object.entries(manifest.input).map(([column, declared]) => ({
    column,
    declared,
    shown: shown[column] ?? null,
    transform: policy.columns[column]?.transform.kind ?? null,
    granted: grant === null ? null : grant.fields.some(({ name }) => name === column),
  }));
}

async function checkDocument(local: LocalJob, run: LocalRun | null, refusals: number): Promise<unknown> {
  const { job, manifest, problems } = local;
  return {
    ok: refusals === 0,
    bundle: job.bundle,
    sizeBytes: job.code.length,
    lockfile: job.lockfile,
    manifest,
    columns: await checkedColumns(local),
    problems: problems.map((problem) => errorDocument(problem)["error"]),
    ...(run === null ? {} : { rows: run.rows, seed: run.seed, params: run.params }),
    entries: (run?.entries ?? []).map((entry) => entryDocument(entry, manifest)),
  };
}

async function formatCheck(local: LocalJob, run: LocalRun | null, refusals: number): Promise<string> {
  const { job, manifest, files } = local;
  const facts = [
    ["job", manifest.name],
    ["purpose", manifest.purpose],
    ["bundle", job.bundle],
    ["lockfile", lockfileText(job.lockfile)],
    ["size", `${job.code.length} of at most ${manifest.limits?.bundleLimitBytes ?? USUAL_BUNDLE_BYTES} bytes`],
    [
      "grant",
      files.grant === null
        ? "none yet: columns are held against the policy alone"
        : `scene ${files.grant.scene.scene}, until ${files.grant.notAfter}`,
    ],
  ];
  const columns = (await checkedColumns(local)).map(({ column, declared, shown, transform, granted }) => [
    column,
    declared,
    shown === null ? "not shown" : `${shown} by ${transform ?? "?"}`,
    granted === null ? "" : granted ? "granted" : "not granted",
  ]);
  const parts = [formatTable(facts), formatTable([["COLUMN", "DECLARED", "POLICY", "GRANT"], ...columns])];
  if (run === null) parts.push("not run: its columns cannot be made");
  else parts.push(...run.entries.map((entry) => formatEntry(entry, manifest).trimEnd()));
  const verdict = refusals === 0 ? "ready to submit" : `not ready: ${refusals} to correct`;
  return `${parts.join("\n\n")}\n\n${verdict}\n`;
}
