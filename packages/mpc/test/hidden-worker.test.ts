/** The worker of private models as a domain uses it: through the pool, with plain data. @module */
import { afterAll, expect, test } from "vitest";
import { HiddenClient } from "../src/he/hidden/client.ts";
import { HIDDEN_WORKER, type HiddenTask } from "../src/he/hidden/server.ts";
import { createTaskPool } from "../src/pool.ts";
import { hiddenProduct, networkOf, plainHidden } from "./hidden-product.ts";

const pool = createTaskPool({ workerFile: HIDDEN_WORKER, maxThreads: 1 });
afterAll(() => pool.close());

test("the worker refuses spoiled keys with their code, then answers", async () => {
  const product = await hiddenProduct(networkOf(1, 1, () => 0.75));
  const columns = { x0: Float64Array.of(-1, 0.5, 3) };
  const query = (await HiddenClient.open(product.parameters)).encrypt(columns);
  const answer = (frame: HiddenTask["frame"]) =>
    pool.run<HiddenTask["frame"]>("score.hidden", { ...product, frame } satisfies HiddenTask, {});
  const spoiled = query.frame.slice();
  spoiled.fill(0xff, 36 + 64, 36 + 72);
  await expect(answer(spoiled)).rejects.toMatchObject({
    code: "ERR_SCORE_KEY",
    details: { reason: "it does not load" },
  });
  const scores = query.finish(await answer(query.frame));
  for (const [row, score] of plainHidden(product, columns).entries()) {
    expect(Math.abs(score - (scores[row] ?? Number.NaN))).toBeLessThan(product.parameters.errorBound);
  }
}, 60_000);
