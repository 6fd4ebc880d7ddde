/** The worker of encrypted scoring: one context per thread, encoded models kept.
 *  @module */
import { serveTasks } from "../../tasks.ts";
import { score } from "./server.ts";
import type { ScoreTask } from "./tasks.ts";

export default serveTasks({ "score.answer": (input) => answer(input as ScoreTask) });

async function answer({ model, parameters, frame }: ScoreTask): Promise<Uint8Array> {
  return await score({ model, parameters }, frame);
}
