/** Lines of a domain's own log, the file before included. Reads beside a process that may be writing.
 *  @module */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readLogLine, type LogEvent, type LogLine } from "@sluice/evidence/observe";

/** Lines of the named events, the oldest first; a file that is not there has none, and a line that is none is passed over. */
export async function* logLines(directory: string, events: readonly LogEvent["event"][]): AsyncGenerator<LogLine> {
  const wanted = new RegExp(`"event":"(?:${events.join("|")})"`);
  for (const name of ["domain.log.1", "domain.log"]) yield* linesOf(join(directory, name), wanted);
}

async function* linesOf(file: string, wanted: RegExp): AsyncGenerator<LogLine> {
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      if (!wanted.test(line)) continue;
      try {
        yield readLogLine(line);
      } catch {
        // Cut by a full disk, or of another version.
      }
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
