/** The worker of scoring by private models: one context per thread.
 *  @module */
import { letGo, serveTasks } from "../../tasks.ts";
import { scoreHidden } from "./server.ts";
import type { HiddenTask } from "./tasks.ts";

export default serveTasks({ "score.hidden": (input) => answer(input as HiddenTask) });

async function answer({ network, parameters, frame }: HiddenTask): Promise<Uint8Array> {
  try {
    return await scoreHidden({ network, parameters }, frame);
  } finally {
    letGo(frame);
  }
}
