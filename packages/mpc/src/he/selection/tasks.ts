/** Input of the selection worker's task, and where the worker lies.
 *  @module */
import type { Bytes, SelectionParameters } from "@sluice/protocol";
import { extname } from "node:path";
import type { SelectionGroupSums } from "./table.ts";

/** Worker file for `createTaskPool`: task `selection.answer`. */
export const SELECTION_WORKER = new URL(`./selection-worker${extname(import.meta.url)}`, import.meta.url);

/** Input of `selection.answer`; the result is the SelectionSums frame. Whoever runs it has looked into the register and charged for
 *  the answer. Transfer the selection's buffer. */
export interface SelectionTask {
  readonly parameters: SelectionParameters;
  readonly epoch: string;
  readonly groups: readonly SelectionGroupSums[];
  /** Who asks, as the transport authenticated it. */
  readonly caller: string;
  /** Selection. */
  readonly selection: Bytes;
  /** SelectionRequest. */
  readonly request: Bytes;
  /** Drawn for this answer, one for each measure asked. Never leaves the domain. */
  readonly noise: readonly bigint[];
}
