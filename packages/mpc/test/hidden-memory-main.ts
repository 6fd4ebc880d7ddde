/** Requests of scoring by a private model in a process of its own, refused ones among them: `hidden-memory-main.ts REQUESTS` prints what
 *  the thread and SEAL's instance, which never shrinks, hold before and after them. A request has 2.5 MB, a key of SEAL half a megabyte.
 *  @module */
import { HIDDEN_COLUMN_BYTES, isSluiceError, SCORE_SEED_BYTES } from "@sluice/protocol";
import { hiddenProduct, networkOf, plainHidden } from "./hidden-product.ts";
import { settledSizes } from "./settled-memory.ts";
import { recordMemories } from "./wasm-memories.ts";

const memories = recordMemories();
const { HiddenClient } = await import("../src/he/hidden/client.ts");
const { scoreHidden } = await import("../src/he/hidden/server.ts");
const numbers = [0.5, -0.25, 0.75, 0.125, -0.5];
let place = 0;
const product = await hiddenProduct(networkOf(1, 2, () => numbers[place++ % numbers.length] ?? 0));
const client = await HiddenClient.open(product.parameters);
const columns = { x0: Float64Array.of(-1, 0.25, 3) };
const plain = plainHidden(product, columns);
const COLUMN_BYTES = SCORE_SEED_BYTES + HIDDEN_COLUMN_BYTES;
/** Requests of which the process gets warm. */
const WARM = 4;

/** What goes wrong with a request: nothing, a key, its column, or the answer. */
async function ask(request: number): Promise<void> {
  const query = client.encrypt(columns);
  const frame = query.frame.slice();
  const wrong = request % 4;
  if (wrong === 1) frame.fill(0xff, frame.length - COLUMN_BYTES - 8, frame.length - COLUMN_BYTES);
  if (wrong === 2) frame.fill(0xff, -8);
  if (wrong === 1 || wrong === 2) {
    const code = await scoreHidden(product, frame).then(() => "answered", codeOf);
    if (code !== (wrong === 1 ? "ERR_SCORE_KEY" : "ERR_SCORE_CIPHERTEXT"))
      throw new Error(`a spoilt question: ${code}`);
    query.discard();
    return;
  }
  const reply = await scoreHidden(product, frame);
  if (wrong === 3) {
    reply.fill(0xff, -8);
    let code = "read";
    try {
      query.finish(reply);
    } catch (error) {
      code = codeOf(error);
    }
    if (code !== "ERR_SCORE_CIPHERTEXT") throw new Error(`a spoilt answer: ${code}`);
    return;
  }
  const scores = query.finish(reply);
  const far = plain.some((score, i) => !(Math.abs(score - (scores[i] ?? NaN)) <= product.parameters.errorBound));
  if (far) throw new Error("other scores");
}

function codeOf(error: unknown): string {
  if (isSluiceError(error)) return error.code;
  throw error;
}

for (let request = 0; request < WARM; request++) await ask(request);
const before = await settledSizes(memories);
for (let request = 0; request < Number(process.argv[2]); request++) await ask(request);
process.stdout.write(JSON.stringify({ before, after: await settledSizes(memories) }));
