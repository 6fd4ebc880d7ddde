/** Matching (求交，得交集): which entries of a list are in a product's set. The caller learns these and the padded size of the
 *  set; domain and gateway learn the padded size of the list, not an entry and not a match.
 *  @module */
import { PsiIdsReceiver } from "@sluice/mpc/psi/receiver";
import { encodedPsiSetBytes, type EvidencedReceipt, type PsiSnapshot } from "@sluice/protocol";
import { callWithList, type ListCallOptions } from "./list-call.ts";
import type { CallOptions } from "./options.ts";
import { fetchPart, openProduct, type ProductHandle } from "./product-handle.ts";
import type { ProductionContext } from "./production-call.ts";
import { asClient } from "./refusal.ts";

/** What matching yields. */
export interface MatchResult {
  /** The distinct entries of the list that are in the set, in the order of the list. */
  readonly found: string[];
  readonly receipt: EvidencedReceipt;
}

/** A product of the form `psi-ids` at one snapshot. */
export interface MatchHandle extends ProductHandle<PsiSnapshot> {
  /** Matches a list of UTF-8 strings used exactly as given; a repeated entry is asked, and paid for, once.
   *  @throws ERR_PSI_SET_TOO_LARGE, ERR_OPRF_INPUT, ERR_OPRF_ELEMENT, ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_CANCELLED,
   *  and refusals of the peers */
  match(list: Iterable<string>, options?: ListCallOptions): Promise<MatchResult>;
}

/** Opens a product of the form `psi-ids`; its published set has the hash and size that the signed snapshot names.
 *  @throws ERR_FRAME_MALFORMED, and what `openProduct` throws */
export async function openMatch(
  context: ProductionContext,
  name: string,
  options: CallOptions = {},
): Promise<MatchHandle> {
  const product = await openProduct(context, name, "psi-ids", options);
  const sizeBytes = encodedPsiSetBytes(product.snapshot.parameters.paddedItems);
  const set = await fetchPart(context, product, "set", { sizeBytes, signal: options.signal });
  const receiver = await asClient(() => PsiIdsReceiver.open({ ...product, set }));
  const { random } = context;
  return {
    ...product,
    match: async (list, options = {}) => {
      const start = receiver.start.bind(receiver);
      const call = await callWithList(context, product, (pass) => start(list, { ...pass, random }), options);
      return { found: call.result, receipt: call.receipt };
    },
  };
}
