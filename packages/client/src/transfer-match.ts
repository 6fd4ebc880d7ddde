/** Matching by oblivious transfer (求交，得交集，双方规模相近): one session for each list. The caller learns which of its entries are in
 *  the set, and the set's padded size; domain and gateway learn the padded size of the list.
 *  @module */
import { TransferReceiver, transferSet } from "@sluice/mpc/psi/transfer-receiver";
import { padPsiItems, type EvidencedReceipt, type PsiSnapshot, type Session } from "@sluice/protocol";
import type { ListCallOptions } from "./list-call.ts";
import { useOf, type ProductHandle } from "./product-handle.ts";
import type { ProductionContext } from "./production-call.ts";
import { asClient, throwIfCancelled } from "./refusal.ts";
import { runSessionCall } from "./session-call.ts";

/** Matches `distinct` entries with the set. @throws ERR_OPRF_INPUT, and what `runSessionCall` throws */
export async function matchByTransfer(
  context: ProductionContext,
  product: ProductHandle<PsiSnapshot>,
  distinct: readonly string[],
  { signal, onProgress }: ListCallOptions,
): Promise<{ found: string[]; receipt: EvidencedReceipt }> {
  throwIfCancelled(signal);
  const list = await asClient(() => transferSet(distinct));
  const items = padPsiItems(list.count);
  const { purpose, parameters } = product.snapshot;
  const { snapshotHash: snapshot } = product;
  const outcome = await runSessionCall(
    context,
    useOf(product, "psi.ids", items),
    {
      items,
      role: (session) => {
        const options = {
          session,
          snapshot,
          purpose,
          list,
          setItems: parameters.paddedItems,
          random: context.random,
          signal,
        };
        return told(TransferReceiver.create(options), items, onProgress);
      },
    },
    { signal },
  );
  const matched = outcome.done as readonly number[];
  return { found: matched.flatMap((index) => distinct[index] ?? []), receipt: outcome.receipt };
}

/** Frames grow with the list and the set alone, so that their number shows no match. */
function told(role: Session, total: number, onProgress: ListCallOptions["onProgress"]): Session {
  if (onProgress === undefined) return role;
  let steps = 0;
  return {
    async step(frame) {
      const step = await role.step(frame);
      // What is left is not known beforehand: each step takes a part of the rest.
      const done = "done" in step ? total : Math.floor(total * (1 - 0.9 ** ++steps));
      onProgress({ done, total });
      return step;
    },
  };
}
