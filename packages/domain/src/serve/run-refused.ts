/** How a run ends: with what it adds to its document, or with who refused it and why.
 *  @module */
import type { Run } from "@sluice/protocol";

/** What a completed run adds to its document. */
export type RunResult = Partial<Run>;

/** A run that did not complete, by whose decision. */
export class RunRefused extends Error {
  override readonly name = "RunRefused";
  readonly failure: NonNullable<Run["failure"]>;
  readonly result: RunResult;

  constructor(failure: NonNullable<Run["failure"]>, result: RunResult = {}) {
    super(failure.code);
    this.failure = failure;
    this.result = result;
  }
}
