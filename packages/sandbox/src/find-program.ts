/** Programs on a search path.
 *  @module */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Path of an executable program, or undefined. */
export async function findProgram(name: string, searchPath = defaultSearchPath()): Promise<string | undefined> {
  for (const directory of searchPath.split(delimiter)) {
    if (directory === "") continue;
    const file = join(directory, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not there; look on.
    }
  }
  return undefined;
}

function defaultSearchPath(): string {
  return [process.env["PATH"] ?? "", "/usr/bin", "/bin"].join(delimiter);
}
