/** What a log is opened with.
 *  @module */
import type { Clock } from "@sluice/protocol";
import type { KeyPair } from "./keys.ts";

/** Options of `openLog`. */
export type LogOptions = {
  /** Name in checkpoints; see `LogOrigin`. */
  readonly origin: string;
  /** Signs checkpoints. The same for the life of the log. */
  readonly key: KeyPair;
  /** A clock behind the newest entry by more than the tolerated skew refuses work. */
  readonly clock: Clock;
  /** Longest time from a checkpoint given to its files; 0 writes the files before the checkpoint is given.
   *  `DEFAULT_PUBLISH_INTERVAL_MS` when absent. */
  readonly publishIntervalMs?: number;
};
