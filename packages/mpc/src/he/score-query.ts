/** A scoring request whose key waits for its answer.
 *  @module */
import { SluiceError, type Bytes } from "@sluice/protocol";
import type { HandleScope } from "./handles.ts";

/** Finish or discard it. */
export interface ScoreQuery {
  /** The request. */
  readonly frame: Bytes;
  /** Takes the reply: one score per row. Works once, and deletes the key.
   *  @throws ERR_FRAME_MALFORMED, ERR_SCORE_ROWS, ERR_SCORE_CIPHERTEXT, ERR_STATE */
  finish(frame: Bytes): Float64Array;
  /** Deletes the key of a query that will not be finished. */
  discard(): void;
}

/** @param scope holds the key, and is closed with the query */
export function scoreQuery(frame: Bytes, scope: HandleScope, decrypt: (reply: Bytes) => Float64Array): ScoreQuery {
  let open = true;
  const discard = () => {
    open = false;
    scope.close();
  };
  return {
    frame,
    finish(reply) {
      if (!open) {
        throw new SluiceError("ERR_STATE", { kind: "query", name: "score", state: "finished", needed: "new" });
      }
      try {
        return decrypt(reply);
      } finally {
        discard();
      }
    },
    discard,
  };
}
