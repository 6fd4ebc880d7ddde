/** Writing the files that a person asked a command for.
 *  @module */
import { writeFile } from "node:fs/promises";
import { usage } from "./command.ts";

/** Writes `content` to `file`, which the option `--option` named; `wx` leaves a file that exists as it is.
 *  @throws ERR_USAGE naming the option and the file. */
export async function writeOutput(
  option: string,
  file: string,
  content: string | Uint8Array,
  flag: "w" | "wx" = "w",
): Promise<void> {
  try {
    await writeFile(file, content, { flag });
  } catch (cause) {
    throw usage(`"--${option}" names ${file}, which ${flag === "wx" ? "exists or " : ""}cannot be written`, cause);
  }
}
