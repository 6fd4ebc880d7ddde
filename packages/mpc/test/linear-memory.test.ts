/** Requests of linear scoring leave memory as it was, in a process of their own: what other tests leave to be collected is no matter of it.
 *  @module */
import { expect, test } from "vitest";
import { sizesOfProcess } from "./settled-memory.ts";

const REQUESTS = process.env["SLOW"] === "1" ? 2_000 : 60;
const MAIN = new URL("linear-memory-main.ts", import.meta.url);
const MIB = 2 ** 20;

test(`${REQUESTS} requests of both roles, refusals among them, leave memory flat`, { timeout: 600_000 }, async () => {
  const { before, after } = await sizesOfProcess(MAIN, REQUESTS);
  expect(before.seal).toBeGreaterThan(MIB);
  expect(after.seal).toBe(before.seal);
  // A frame has 86 kB.
  expect(after.heap - before.heap).toBeLessThan(3 * MIB);
});
