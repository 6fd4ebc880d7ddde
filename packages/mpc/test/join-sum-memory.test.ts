/** Sessions of join-and-sum leave memory as it was, in a process of their own: what other tests leave to be collected is no matter of it.
 *  @module */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("join-sum-memory-main.ts", import.meta.url));
const SESSIONS = process.env["SLOW"] === "1" ? 400 : 6;
const MIB = 2 ** 20;

interface Sizes {
  readonly heap: number;
  readonly seal: number;
}

test(`${SESSIONS} sessions, spoilt ones among them, leave memory flat`, { timeout: 600_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, String(SESSIONS)]);
  const { before, after } = JSON.parse(stdout) as { before: Sizes; after: Sizes };
  expect(before.seal).toBeGreaterThan(MIB);
  expect(after.seal).toBe(before.seal);
  // A session has 1 MB of frames.
  expect(after.heap - before.heap).toBeLessThan(3 * MIB);
});
