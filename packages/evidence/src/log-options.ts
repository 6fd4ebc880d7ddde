/** What a log is opened with.
 *  @module */
import type { Bytes, Checkpoint, Clock } from "@sluice/protocol";
import type { SigningKey } from "./keys-signing.ts";

/** Options of `openLog`. */
export type LogOptions = {
  /** Name in checkpoints; see `LogOrigin`. */
  readonly origin: string;
  /** Signs checkpoints. The same for the life of the log. */
  readonly key: SigningKey;
  /** Signs a second line of each checkpoint: a key of SM2. */
  readonly sm2Key?: SigningKey | undefined;
  /** A clock behind the newest entry by more than the tolerated skew refuses work. */
  readonly clock: Clock;
  /** Strangers see a new checkpoint at the end of each such interval of the clock, and when the log is opened or
   *  closed; 0 shows each checkpoint before it is given. `DEFAULT_PUBLISH_INTERVAL_MS` when absent. */
  readonly publishIntervalMs?: number;
  /** Asks witnesses before a checkpoint is published at the end of an interval. */
  readonly cosign?: Cosign | undefined;
};

/** Gives the text of `checkpoint` with the lines that witnesses added to it; never rejects.
 *  `consistency(size)` proves that the log of that size is the beginning of this one. */
export type Cosign = (
  checkpoint: Checkpoint,
  log: { consistency: (fromSize: number) => Promise<Bytes[]>; signal: AbortSignal },
) => Promise<string>;
