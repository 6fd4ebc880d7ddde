/** Sessions of join-and-sum leave memory as it was, in a process of their own: what other tests leave to be collected is no matter of it.
 *  @module */
import { expect, test } from "vitest";
import { sizesOfProcess } from "./settled-memory.ts";

const SESSIONS = process.env["SLOW"] === "1" ? 400 : 6;
const MAIN = new URL("join-sum-memory-main.ts", import.meta.url);
const MIB = 2 ** 20;

test(`${SESSIONS} sessions, spoilt ones among them, leave memory flat`, { timeout: 600_000 }, async () => {
  const { before, after } = await sizesOfProcess(MAIN, SESSIONS);
  expect(before.seal).toBeGreaterThan(MIB);
  expect(after.seal).toBe(before.seal);
  // A session has 1 MB of frames.
  expect(after.heap - before.heap).toBeLessThan(3 * MIB);
});
