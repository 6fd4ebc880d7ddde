/** Input of the scoring worker's task, and where the worker lies.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { extname } from "node:path";
import type { ScoreProduct } from "./plan.ts";

/** Worker file for `createTaskPool`: task `score.answer`. */
export const SCORE_WORKER = new URL(`./linear-worker${extname(import.meta.url)}`, import.meta.url);

/** Input of `score.answer`; the result is the ScoreReply frame. Transfer the frame's buffer. */
export interface ScoreTask extends ScoreProduct {
  /** ScoreRequest. */
  readonly frame: Bytes;
}
