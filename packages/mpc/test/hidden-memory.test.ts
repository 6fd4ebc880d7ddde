/** Requests of scoring by a private model leave memory as it was, in a process of their own: what other tests leave to be collected is no
 *  matter of it.
 *  @module */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("hidden-memory-main.ts", import.meta.url));
const REQUESTS = process.env["SLOW"] === "1" ? 2_000 : 8;
const MIB = 2 ** 20;

interface Sizes {
  readonly heap: number;
  readonly seal: number;
}

test(`${REQUESTS} requests of both roles, refusals among them, leave memory flat`, { timeout: 1_200_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, String(REQUESTS)]);
  const { before, after } = JSON.parse(stdout) as { before: Sizes; after: Sizes };
  expect(before.seal).toBeGreaterThan(MIB);
  expect(after.seal).toBe(before.seal);
  // A request has 2.5 MB.
  expect(after.heap - before.heap).toBeLessThan(3 * MIB);
});
