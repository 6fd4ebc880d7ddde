/** A process that builds a generated table, for tests that end it in the middle or measure it: `node build-main.ts FOLDER ROWS`.
 *  It prints each step of its progress as a line of JSON, and at last what it built and how much memory it held.
 *  @module */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "@sluice/protocol";
import { createHash, hash } from "node:crypto";
import type { BuildParts } from "../src/lookup/build-parts.ts";
import { buildTable } from "../src/lookup/build-table.ts";
import { LOOKUP_WORKER, lookupContext, packTable } from "../src/lookup/server.ts";
import { createTaskPool } from "../src/pool.ts";
import { systemRandom } from "../src/random.ts";
import { IDENTITY } from "./lookup-product.ts";
import { BUILD_INFO, BUILD_SEED } from "./open-row.ts";

const THREADS = 2;
const PAYLOAD_BYTES = 16;
const [folder = "", rows = ""] = process.argv.slice(2);
const count = Number(rows);

/** Parts as files, each whole or absent. */
function fileParts(directory: string): BuildParts {
  return {
    read: (name) => readFile(join(directory, name)).catch(() => null),
    write: async (name, bytes) => {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, `${name}.part`), bytes);
      await rename(join(directory, `${name}.part`), join(directory, name));
    },
    clear: () => rm(directory, { recursive: true, force: true }),
  };
}

function keysOf(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `resident ${from + i}`);
}

function payloadOf(key: string): Bytes {
  return hash("sha256", key, "buffer").subarray(0, PAYLOAD_BYTES);
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const pool = createTaskPool({ workerFile: LOOKUP_WORKER, maxThreads: THREADS });
const built = await buildTable({
  count,
  payloadBytes: PAYLOAD_BYTES,
  rows: (from, to) => packTable(keysOf(from, to), keysOf(from, to).map(payloadOf)),
  seed: BUILD_SEED.slice(),
  info: BUILD_INFO,
  context: lookupContext(IDENTITY),
  pool,
  threads: THREADS,
  ...(count < 10_000 ? { chunkRows: 200 } : {}),
  parts: fileParts(folder),
  random: systemRandom,
  onProgress: print,
});
await pool.close();
await writeFile(join(folder, "database"), built.database);
print({
  stage: "built",
  parameters: built.parameters,
  hintBytes: built.hint.length,
  hint: createHash("sha256").update(built.hint).digest("hex"),
  oprfPublicKey: built.oprfPublicKey,
  peakBytes: process.resourceUsage().maxRSS * 1_024,
});
