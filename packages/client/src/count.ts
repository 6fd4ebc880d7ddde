/** Counting (求交，得个数): about how many entries of a list are in a product's set. The caller learns the count with noise and
 *  the padded size of the set; domain and gateway learn the padded size of the list, not an entry and not the count.
 *  @module */
import { PsiCardinalityReceiver, type NoisyCount } from "@sluice/mpc/psi/receiver";
export type { NoisyCount } from "@sluice/mpc/psi/receiver";
import type { EvidencedReceipt, PsiSnapshot } from "@sluice/protocol";
import { callWithList, type ListCallOptions } from "./list-call.ts";
import type { CallOptions } from "./options.ts";
import { openProduct, type ProductHandle } from "./product-handle.ts";
import type { ProductionContext } from "./production-call.ts";
import { asClient } from "./refusal.ts";

/** What counting yields: about how many distinct entries of the list are in the set, how far that can be off, and what it cost. */
export interface CountResult extends NoisyCount {
  readonly receipt: EvidencedReceipt;
}

/** A product of the form `psi-cardinality` at one snapshot. */
export interface CountHandle extends ProductHandle<PsiSnapshot> {
  /** Counts matches of a list of UTF-8 strings used exactly as given; a repeated entry counts, and is paid for, once. Each call has
   *  noise of its own and spends `snapshot.parameters.noise.epsilon` of the caller's budget, for the same list too.
   *  @throws ERR_COUNT_BUDGET when it is spent; ERR_PSI_SET_TOO_LARGE, ERR_OPRF_INPUT, ERR_OPRF_ELEMENT, ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_CANCELLED,
   *  and refusals of the peers */
  count(list: Iterable<string>, options?: ListCallOptions): Promise<CountResult>;
}

/** Opens a product of the form `psi-cardinality`; there is nothing to download. @throws what `openProduct` throws */
export async function openCount(
  context: ProductionContext,
  name: string,
  options: CallOptions = {},
): Promise<CountHandle> {
  const product = await openProduct(context, name, "psi-cardinality", options);
  const receiver = await asClient(() => PsiCardinalityReceiver.open(product));
  const { random } = context;
  return {
    ...product,
    count: async (list, options = {}) => {
      const start = receiver.start.bind(receiver);
      const call = await callWithList(context, product, (pass) => start(list, { ...pass, random }), options);
      return { ...call.result, receipt: call.receipt };
    },
  };
}
