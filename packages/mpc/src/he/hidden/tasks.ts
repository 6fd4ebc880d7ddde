/** Input of the hidden layer's task, and where its worker lies.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { extname } from "node:path";
import type { HiddenProduct } from "./plan.ts";

/** Worker file for `createTaskPool`: task `score.hidden`. */
export const HIDDEN_WORKER = new URL(`./hidden-worker${extname(import.meta.url)}`, import.meta.url);

/** Input of `score.hidden`; the result is the HiddenReply frame. Transfer the frame's buffer. */
export interface HiddenTask extends HiddenProduct {
  /** HiddenRequest. */
  readonly frame: Bytes;
}
