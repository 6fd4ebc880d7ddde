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
/** About a minute and a half on two cores, with the quarter of them. */
const ROWS = 600_000;

async function measured(mode: "build" | "hold", rows: number): Promise<{ done: number; peakBytes: number }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-memory-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const child = spawn(process.execPath, [MAIN, mode, String(rows), folder], { stdio: ["ignore", "pipe", "inherit"] });
  const [written, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(code).toBe(0);
  return JSON.parse(written) as { done: number; peakBytes: number };
}

test.runIf(slow)(
  "a build of 600,000 rows with its files and changes takes not half as much again, beyond a quarter of them, as the rows as texts and byte strings",
  { timeout: 1_800_000 },
  async () => {
    const quarter = await measured("build", ROWS / 4);
    const whole = await measured("build", ROWS);
    expect([quarter.done, whole.done]).toEqual([ROWS / 400, ROWS / 100]);
    const held = (await measured("hold", ROWS)).peakBytes - (await measured("hold", ROWS / 4)).peakBytes;
    expect(whole.peakBytes - quarter.peakBytes).toBeLessThan(1.5 * held);
  },
);
