/** A lookup worker that a query can kill: one whose first word is 0xdead.
 *  @module */
import { scan, type ScanTask } from "../src/lookup/scan.ts";
import { serveTasks } from "../src/tasks.ts";

export default serveTasks({
  "pir.scan": (input) => {
    const task = input as ScanTask;
    if (task.slot === 1 && task.queries.some(([first]) => first === 0xdead)) process.exit(3);
    return scan(task);
  },
});
