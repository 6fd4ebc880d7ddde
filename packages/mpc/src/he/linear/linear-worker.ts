/** The worker of encrypted scoring.
 *  @module */
import { letGo, serveTasks } from "../../tasks.ts";
import { score } from "./server.ts";
import type { ScoreTask } from "./tasks.ts";

export default serveTasks({ "score.answer": (input) => answer(input as ScoreTask) });

async function answer({ model, parameters, frame }: ScoreTask): Promise<Uint8Array> {
  try {
    return await score({ model, parameters }, frame);
  } finally {
    letGo(frame);
  }
}
