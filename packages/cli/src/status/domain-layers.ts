/** The isolation layers of a domain, from its own log: what its production jobs require, as it was started, and what it found when it
 *  tried them.
 *  @module */
import { logLines } from "./log-lines.ts";

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
  for await (const { time, event } of logLines(directory, ["started", "layers"])) {
    if (event.event === "started") [startedAt, required, found] = [time, event.requiredLayers ?? null, null];
    if (event.event === "layers") found = event.layers;
  }
  const missing = required === null || found === null ? null : required.filter((layer) => !found.includes(layer));
  return { startedAt, required, found, missing };
}
