/** Sessions of join-and-sum leave memory as it was: SEAL's instance, which never shrinks, and the thread. @module */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import type { Row } from "./join-sum-sessions.ts";
import { recordMemories } from "./wasm-memories.ts";

const SESSIONS = process.env["SLOW"] === "1" ? 400 : 6;
const MIB = 2 ** 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

test(`${SESSIONS} sessions, spoilt ones among them, leave memory flat`, { timeout: 600_000 }, async () => {
  // Whatever file has loaded SEAL on this thread before: here it is loaded anew.
  vi.resetModules();
  const memories = recordMemories();
  const { joinSum, rolesOf } = await import("./join-sum-sessions.ts");
  const rows: Row[] = Array.from({ length: 10 }, (_, i) => [`person-${i}`, i]);
  const ask = async (session: number): Promise<void> => {
    const roles = await rolesOf({ rows, list: ["person-1", "person-5"], bound: 2 ** 40 });
    // Values that do not load, then a masked sum that does not.
    const spoilt = [0, 6, 7][session % 3];
    const given = joinSum(roles, (frame) => {
      const sent = frame.slice();
      return sent[2] === spoilt ? sent.fill(0xff, -8) : sent;
    });
    if (spoilt === 0) return expect(await given).toMatchObject({ result: { sum: 6n } });
    await expect(given).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
    for (const role of [roles.caller, roles.domain]) role.close();
  };
  const sizes = (): { heap: number; seal: number } => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { heap: heapUsed + arrayBuffers, seal: memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
  };
  for (let session = 0; session < 6; session++) await ask(session);
  const before = sizes();
  for (let session = 0; session < SESSIONS; session++) await ask(session);
  const after = sizes();
  expect(before.seal).toBeGreaterThan(MIB);
  expect(after.seal).toBe(before.seal);
  // A session has 1 MB of frames.
  expect(after.heap - before.heap).toBeLessThan(3 * MIB);
});
