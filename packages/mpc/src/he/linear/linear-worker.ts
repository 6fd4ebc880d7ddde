/** The worker of encrypted scoring. It owns the frame, whose buffer was handed over or copied, and lets go of it at once: left to
 *  the collector, megabytes of each request had it run as often as every thirty requests.
 *  @module */
import { serveTasks } from "../../tasks.ts";
import { score } from "./server.ts";
import type { ScoreTask } from "./tasks.ts";

export default serveTasks({ "score.answer": (input) => answer(input as ScoreTask) });

async function answer({ model, parameters, frame }: ScoreTask): Promise<Uint8Array> {
  try {
    return await score({ model, parameters }, frame);
  } finally {
    if (frame.buffer instanceof ArrayBuffer) frame.buffer.transfer(0);
  }
}
