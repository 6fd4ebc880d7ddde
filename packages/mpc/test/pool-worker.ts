/** A worker that does what a pool must survive.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { threadId } from "node:worker_threads";
import { serveTasks } from "../src/tasks.ts";

let tasksSeen = 0;

export default serveTasks({
  /** What a thread keeps between its tasks. */
  warm: () => ({ thread: threadId, tasksSeen: ++tasksSeen }),
  /** Fills the heap until the thread is ended. */
  fill: () => {
    const kept: number[][] = [];
    for (;;) kept.push(Array.from({ length: 10_000 }, (_, i) => i + kept.length));
  },
  /** Throws outside the task, which never ends by itself. */
  strayError: () => {
    setTimeout(() => {
      throw new TypeError("11010119900101001X");
    }, 0);
    return new Promise(() => {});
  },
  /** Rejects where nobody waits. */
  strayRejection: () => {
    void Promise.reject(new TypeError("11010119900101001X"));
    return new Promise(() => {});
  },
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
