/** A worker that does what a pool must survive.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { serveTasks } from "../src/tasks.ts";

export default serveTasks({
  echo: (input) => input,
  refuse: () => {
    throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "because" });
  },
  fail: (input) => {
    throw new TypeError(`the value was ${String(input)}`);
  },
  exit: () => process.exit(3),
  /** Sets word 0, then blocks until word 1 is set. */
  wait: (input) => {
    const words = new Int32Array(input as SharedArrayBuffer);
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
    Atomics.wait(words, 1, 0);
    return "released";
  },
});
