/** Folders of builds that have not ended: what a run has derived so far, sealed, so that it goes on after the process ended.
 *  They go with the end of their run, and at the next start when their run has ended without that.
 *  @module */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { BuildParts } from "@sluice/mpc/lookup/server";
import { isSluiceError } from "@sluice/protocol";
import type { SealedFiles } from "../rest/sealed-files.ts";

/** Folder of all builds below a domain's directory. */
const BUILDS = "builds";

/** The parts of the build of run `callId`. A part that is missing or altered is made again. */
export function buildParts(files: SealedFiles, callId: string, signal: AbortSignal): BuildParts {
  const folder = `${BUILDS}/${callId}`;
  return {
    read: async (name) => {
      try {
        return await files.read(`${folder}/${name}`, { signal });
      } catch (error) {
        if (isSluiceError(error) && error.code === "ERR_SEALED_FILE") return null;
        throw error;
      }
    },
    write: (name, bytes) => files.write(`${folder}/${name}`, bytes, { signal }),
    clear: () => files.remove(folder),
  };
}

/** Removes what the build of run `callId` kept. */
export async function removeBuild(files: SealedFiles, callId: string): Promise<void> {
  await files.remove(`${BUILDS}/${callId}`);
}

/** Removes what builds kept whose run is none of `unfinished`. */
export async function sweepBuilds(files: SealedFiles, unfinished: ReadonlySet<string>): Promise<void> {
  const parent = join(files.directory, BUILDS);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const callId of await readdir(parent)) if (!unfinished.has(callId)) await removeBuild(files, callId);
}
