/** Requests of linear scoring in a process of its own, refused ones among them: `linear-memory-main.ts REQUESTS` prints what the thread and
 *  SEAL's instance, which never shrinks, hold before and after them. A frame has 86 kB, a key or a ciphertext of SEAL 64 kB and more.
 *  @module */
import { isSluiceError } from "@sluice/protocol";
import { columnsOf, distance, plainScores, productOf } from "./linear-product.ts";
import { settledSizes } from "./settled-memory.ts";
import { recordMemories } from "./wasm-memories.ts";

const memories = recordMemories();
const { ScoreClient } = await import("../src/he/linear/client.ts");
const { score } = await import("../src/he/linear/server.ts");
const product = productOf([0.5, -1.25, 3], 0.75);
const client = await ScoreClient.open(product.parameters);
const columns = columnsOf(3, 4_096, (i, row) => Math.sin(i + row));
const plain = plainScores(product.model, columns);
/** Requests of which the process gets warm. */
const WARM = 30;

/** Whether `act` ends as a refusal of a ciphertext; anything else is thrown on. */
async function refuses(act: () => unknown): Promise<boolean> {
  try {
    await act();
    return false;
  } catch (error) {
    if (isSluiceError(error, "ERR_SCORE_CIPHERTEXT")) return true;
    throw error;
  }
}

/** What goes wrong with a request: nothing, the question's ciphertext, or the answer's. */
async function ask(request: number): Promise<void> {
  const query = client.encrypt(columns);
  const frame = query.frame.slice();
  if (request % 3 === 1) {
    frame.fill(0xff, -7);
    if (!(await refuses(async () => await score(product, frame)))) throw new Error("a spoilt question was answered");
    query.discard();
    return;
  }
  const reply = await score(product, frame);
  if (request % 3 === 2) {
    reply.fill(0xff, 4, 4 + 7);
    if (!(await refuses(() => query.finish(reply)))) throw new Error("a spoilt answer was read");
    return;
  }
  if (!(distance(query.finish(reply), plain) <= product.parameters.errorBound)) throw new Error("other scores");
}

for (let request = 0; request < WARM; request++) await ask(request);
const before = await settledSizes(memories);
for (let request = 0; request < Number(process.argv[2]); request++) await ask(request);
process.stdout.write(JSON.stringify({ before, after: await settledSizes(memories) }));
