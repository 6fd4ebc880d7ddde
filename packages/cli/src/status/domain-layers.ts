/** The isolation layers of a domain, from its own log: what its production jobs require, as it was started, and what it found when it
 *  tried them. Reads beside a process that may be writing.
 *  @module */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readLogLine, type LogLine } from "@sluice/evidence/observe";

/** What the last start of a domain says of its layers. */
export interface DomainLayers {
  /** When it started; null when its log does not say. */
  readonly startedAt: string | null;
  /** Layers without which no production job runs; null when that is not known. */
  readonly required: readonly string[] | null;
  /** Layers that it found; null when it has not tried them since. */
  readonly found: readonly string[] | null;
  /** Required layers that it did not find; null while either is unknown. */
  readonly missing: readonly string[] | null;
}

/** Reads the log of the domain in `directory`, and the one before. */
export async function readDomainLayers(directory: string): Promise<DomainLayers> {
  let [startedAt, required, found]: [string | null, readonly string[] | null, readonly string[] | null] = [
    null,
    null,
    null,
  ];
  for (const name of ["domain.log.1", "domain.log"]) {
    for await (const { time, event } of layerLines(join(directory, name))) {
      if (event.event === "started") [startedAt, required, found] = [time, event.requiredLayers ?? null, null];
      if (event.event === "layers") found = event.layers;
    }
  }
  const missing = required === null || found === null ? null : required.filter((layer) => !found.includes(layer));
  return { startedAt, required, found, missing };
}

/** Lines about layers; a file that is not there has none, and a line that is none is passed over. */
async function* layerLines(file: string): AsyncGenerator<LogLine> {
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      if (!/"event":"(?:started|layers)"/.test(line)) continue;
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
