/** Where domains open their sealed tables: a directory in memory.
 *  @module */
import { platform, tmpdir } from "node:os";

/** The directory that the environment names; without one a domain takes the system's own. */
export function memoryDirectory(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const directory = env["SLUICE_MEMORY_DIRECTORY"];
  return directory === "" ? undefined : directory;
}

/** The same for generated data, which may lie on a disk where the system has no such directory. */
export function trialMemoryDirectory(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return memoryDirectory(env) ?? (platform() === "linux" ? undefined : tmpdir());
}
