/** Versions of what makes a sample, for its certificate.
 *  @module */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { version } from "@duckdb/node-api";
import type { SampleVersions } from "@sluice/protocol";

let read: SampleVersions | undefined;

/** Package of policies and data engine, as they run here. */
export function sampleVersions(): SampleVersions {
  read ??= { desensitize: manifestVersion(), engine: `DuckDB ${version()}` };
  return read;
}

function manifestVersion(): string {
  const file = fileURLToPath(import.meta.resolve("@sluice/desensitize/package.json"));
  const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest) return String(manifest.version);
  return "unknown";
}
