/** The files of a new job: a job that runs as it is, its documents, and a configuration by which an editor types it.
 *  @module */
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SluiceError } from "@sluice/protocol";
import type { NewJob } from "./starting-columns.ts";
import { startingJob } from "./starting-job.ts";

/** Writes the files into `directory`. Returns their names.
 *  @throws ERR_CONFLICT when one exists, ERR_DIRECTORY_UNWRITABLE, ERR_USAGE when the columns make no job of its form */
export async function writeNewJob(directory: string, job: NewJob): Promise<string[]> {
  const files: Record<string, string> = {
    "job.ts": startingJob(job),
    "resource.json": json(job.resource),
    "policy.json": json(job.policy),
    ...(job.grant === null ? {} : { "grant.json": json(job.grant) }),
    ...(job.profile === null ? {} : { "profile.json": json(job.profile) }),
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
        "@sluice/sandbox/arrow": typesOf("@sluice/sandbox/arrow"),
      },
    },
    include: ["**/*.ts"],
  };
}
