/** The lockfile of the project that a job lies in: with it and the source, a reviewer builds the same bundle again.
 *  @module */
import { open, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LOCKFILE_NAMES, SluiceError, sha256Hex, type Lockfile } from "@sluice/protocol";

/** Largest lockfile that is hashed. Those of projects with thousands of packages have a few megabytes. */
export const MAX_LOCKFILE_BYTES = 32 * 1_048_576;

/** The nearest lockfile at or above `directory`, by its bytes; null when there is none up to the root.
 *  @throws ERR_JOB_BUNDLE when it is no file that can be read, or is too large */
export async function findLockfile(directory: string): Promise<Lockfile | null> {
  for (let at = directory; ; at = dirname(at)) {
    for (const name of LOCKFILE_NAMES) {
      const file = await openIfThere(join(at, name), name);
      if (file === null) continue;
      try {
        return { name, hash: await hashOf(file, name) };
      } finally {
        await file.close();
      }
    }
    if (dirname(at) === at) return null;
  }
}

async function openIfThere(path: string, name: string): Promise<FileHandle | null> {
  try {
    return await open(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new SluiceError("ERR_JOB_BUNDLE", { reason: `${name} cannot be read` }, { cause });
  }
}

async function hashOf(file: FileHandle, name: string): Promise<string> {
  const { size } = await file.stat();
  if (size > MAX_LOCKFILE_BYTES) {
    throw new SluiceError("ERR_JOB_BUNDLE", { reason: `${name} has more than ${MAX_LOCKFILE_BYTES} bytes` });
  }
  try {
    return await sha256Hex(new Uint8Array(await file.readFile()));
  } catch (cause) {
    throw new SluiceError("ERR_JOB_BUNDLE", { reason: `${name} cannot be read` }, { cause });
  }
}
