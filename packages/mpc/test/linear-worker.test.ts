/** The scoring worker as a domain uses it: through the pool, with plain data. @module */
import type { Bytes } from "@sluice/protocol";
import { afterAll, expect, test } from "vitest";
import { createTaskPool } from "../src/pool.ts";
import { ScoreClient } from "../src/he/linear/client.ts";
import { SCORE_WORKER, type ScoreProduct, type ScoreTask } from "../src/he/linear/server.ts";
import { columnsOf, distance, plainScores, productOf } from "./linear-product.ts";

const pool = createTaskPool({ workerFile: SCORE_WORKER, maxThreads: 1 });
afterAll(() => pool.close());

function answer({ model, parameters }: ScoreProduct, frame: Bytes): Promise<Bytes> {
  return pool.run<Bytes>("score.answer", { model, parameters, frame } satisfies ScoreTask, {});
}

test("the worker answers each of six models by its own weights, and again after four others", async () => {
  const columns = columnsOf(2, 3, (i, row) => i - row);
  for (const weight of [1, 2, 3, 4, 5, 6, 1]) {
    const product = productOf([weight, -0.5], weight / 10);
    const client = await ScoreClient.open(product.parameters);
    const query = client.encrypt(columns);
    const scores = query.finish(await answer(product, query.frame));
    expect(distance(scores, plainScores(product.model, columns))).toBeLessThanOrEqual(product.parameters.errorBound);
  }
});

test("a refusal crosses the thread with its code and details", async () => {
  const product = productOf([1]);
  await expect(answer(product, new Uint8Array(3))).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  const client = await ScoreClient.open(product.parameters);
  const query = client.encrypt(columnsOf(1, 1, () => 1));
  query.frame.fill(0xff, -7);
  await expect(answer(product, query.frame)).rejects.toMatchObject({
    code: "ERR_SCORE_CIPHERTEXT",
    details: { index: 0, reason: "it does not load" },
  });
  query.discard();
});
