/** Requests leave memory as it was: the memory of SEAL's instance, which never shrinks, and that of the thread. @module */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { score } from "../src/he/linear/server.ts";
import { columnsOf, distance, plainScores, productOf } from "./linear-product.ts";
import { recordMemories } from "./wasm-memories.ts";

const SLOW = process.env["SLOW"] === "1";
const REQUESTS = SLOW ? 2_000 : 60;
const MIB = 2 ** 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

test(`${REQUESTS} requests of both roles, refusals among them, leave memory flat`, { timeout: 600_000 }, async () => {
  // Whatever file has loaded SEAL on this thread before: here it is loaded anew.
  vi.resetModules();
  const memories = recordMemories();
  const { heEngine } = await import("../src/he/engine.ts");
  const { ScoreClient } = await import("../src/he/linear/client.ts");
  await heEngine("ckks-4096");
  expect(memories).toHaveLength(1);
  const product = productOf([0.5, -1.25, 3], 0.75);
  const client = await ScoreClient.open(product.parameters);
  const columns = columnsOf(3, 4_096, (i, row) => Math.sin(i + row));
  const plain = plainScores(product.model, columns);
  const ask = async (request: number): Promise<void> => {
    const query = client.encrypt(columns);
    const frame = query.frame.slice();
    if (request % 3 === 1) {
      frame.fill(0xff, -7);
      await expect(score(product, frame)).rejects.toMatchObject({ code: "ERR_SCORE_CIPHERTEXT" });
      return query.discard();
    }
    const reply = await score(product, frame);
    if (request % 3 === 2) {
      reply.fill(0xff, 4, 4 + 7);
      return expect(() => query.finish(reply)).toThrow(expect.objectContaining({ code: "ERR_SCORE_CIPHERTEXT" }));
    }
    expect(distance(query.finish(reply), plain)).toBeLessThanOrEqual(product.parameters.errorBound);
  };
  const sizes = (): { heap: number; seal: number } => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { heap: heapUsed + arrayBuffers, seal: memories[0]?.buffer.byteLength ?? 0 };
  };
  for (let request = 0; request < 30; request++) await ask(request);
  const before = sizes();
  for (let request = 0; request < REQUESTS; request++) await ask(request);
  const after = sizes();
  expect(after.seal).toBe(before.seal);
  // A frame has 86 kB, a key or a ciphertext of SEAL 64 kB and more.
  expect(after.heap - before.heap).toBeLessThan(3 * MIB);
});
