/** One call of set intersection (隐私求交), of either variant: blind the list, send it, unblind the answer. The domain and
 *  the gateway learn the padded size of the list, which the receipt states.
 *  @module */
import type { PsiPassOptions } from "@sluice/mpc/psi/receiver";
import type { Bytes, EvidencedReceipt, PsiKind, PsiSnapshot } from "@sluice/protocol";
import type { CallJournal } from "./call-journal.ts";
import type { CallOptions } from "./options.ts";
import { useOf, type ProductHandle } from "./product-handle.ts";
import { callOnce, type ProductionContext } from "./production-call.ts";
import { asClient, throwIfCancelled } from "./refusal.ts";

const OPERATIONS = { "psi-ids": "psi.ids", "psi-cardinality": "psi.cardinality" } as const satisfies Record<
  PsiKind,
  string
>;

/** How far a list is: half of the work is blinding it, half unblinding the answer. */
export interface ListProgress {
  readonly done: number;
  readonly total: number;
}

/** Options of a call with a list. A signal is heeded between small batches too. */
export interface ListCallOptions extends CallOptions {
  /** Told a few times in each second of work. It counts padded elements, so it does not show a match. */
  readonly onProgress?: (progress: ListProgress) => void;
  /** For a product that is matched in a session: keeps what another process needs to go on with the call when this one ends,
   *  within ten minutes, with the same list in the same order. When it holds a call already, that is gone on with, and one
   *  that has ended has its result and receipt again. Nothing here empties it. */
  readonly journal?: CallJournal | undefined;
}

/** A blinded list. */
interface ListQuery<T> {
  /** PsiQuery or PsiCardinalityQuery. */
  readonly frame: Bytes;
  /** Elements of it. */
  readonly paddedItems: number;
  finish(frame: Bytes, pass: PsiPassOptions): Promise<T>;
  discard(): void;
}

/** Makes the call. @throws what blinding and unblinding throw; ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_CANCELLED, and
 *  refusals of the peers */
export async function callWithList<T>(
  context: ProductionContext,
  product: ProductHandle<PsiSnapshot>,
  start: (pass: PsiPassOptions) => Promise<ListQuery<T>>,
  { signal, onProgress }: ListCallOptions,
): Promise<{ result: T; receipt: EvidencedReceipt }> {
  throwIfCancelled(signal);
  const pass = (before: 0 | 1): PsiPassOptions => ({
    signal,
    onProgress: ({ done, total }) => onProgress?.({ done: before * total + done, total: 2 * total }),
  });
  const query = await asClient(() => start(pass(0)));
  try {
    const use = useOf(product, OPERATIONS[product.snapshot.parameters.kind], query.paddedItems);
    const answer = await callOnce(context, use, query.frame, { signal });
    return { result: await asClient(() => query.finish(answer.frame, pass(1))), receipt: answer.receipt };
  } finally {
    query.discard();
  }
}
