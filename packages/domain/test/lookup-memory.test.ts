/** The memory of a build of many rows, from what a run leaves to sealed files and the next day's changes. With SLOW=1.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const slow = process.env["SLOW"] === "1";
const MAIN = fileURLToPath(new URL("lookup-memory-main.ts", import.meta.url));
const ROWS = 600_000;
const KEY_BYTES = 18;
const MIB = 1_048_576;

interface Measured {
  readonly changed: number;
  readonly databaseBytes: number;
  readonly hintBytes: number;
  readonly peakBytes: number;
}

async function measured(rows: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-memory-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const child = spawn(process.execPath, [MAIN, String(rows), folder], { stdio: ["ignore", "pipe", "inherit"] });
  const [written, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(code).toBe(0);
  return JSON.parse(written) as Measured;
}

/** What docs/lookup-building.md says of a build on two threads: the index, and keys twice, with their places, while changes are found. */
function boundBytes(rows: number, { databaseBytes, hintBytes }: Measured): number {
  const index = 800 * MIB + 64 * rows + databaseBytes + 3 * hintBytes;
  return index + (2 * (KEY_BYTES + 5) + 16) * rows;
}

test.runIf(slow)(
  "a build of 600,000 rows, with its files and the next day's changes, stays within the memory that the documentation names",
  { timeout: 1_800_000 },
  async () => {
    const build = await measured(ROWS);
    expect(build.changed).toBe(ROWS / 100);
    expect(build.peakBytes).toBeLessThan(boundBytes(ROWS, build));
  },
);
