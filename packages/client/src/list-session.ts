/** What calls of many messages with a list have in common: they go on with no other list, and tell how far they are.
 *  @module */
import type { BegunCall, ProductSnapshot, Session, Sha256Hex } from "@sluice/protocol";
import { unusable } from "./call-journal.ts";
import type { ListCallOptions } from "./list-call.ts";
import type { ProductHandle } from "./product-handle.ts";

/** Refuses to go on with a call with another list: two lists under the same randomness would tell the domain their difference.
 *  @throws ERR_CALL_JOURNAL */
export function expectSame(
  { use, list }: BegunCall,
  { snapshot }: ProductHandle<ProductSnapshot>,
  digest: Sha256Hex,
): void {
  if (use.domain !== snapshot.domain || use.product !== snapshot.product) throw unusable("it is of another product");
  if (list !== digest) throw unusable("it is of another list");
}

/** A role that tells how far it is, in steps. Frames grow with the list and the set alone, so that their number shows no match. */
export function toldSession(role: Session, total: number, onProgress: ListCallOptions["onProgress"]): Session {
  if (onProgress === undefined) return role;
  let steps = 0;
  return {
    close: () => role.close?.(),
    async step(frame) {
      const step = await role.step(frame);
      // What is left is not known beforehand: each step takes a part of the rest.
      const done = "done" in step ? total : Math.floor(total * (1 - 0.9 ** ++steps));
      onProgress({ done, total });
      return step;
    },
  };
}
