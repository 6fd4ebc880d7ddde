/** The worker of scoring by private models: one context per thread.
 *  @module */
import { serveTasks } from "../../tasks.ts";
import { scoreHidden } from "./server.ts";
import type { HiddenTask } from "./tasks.ts";

export default serveTasks({
  "score.hidden": async (input) => {
    const { network, parameters, frame } = input as HiddenTask;
    return await scoreHidden({ network, parameters }, frame);
  },
});
