/** Sums under a hidden selection (隐藏选择求和): the noisy sums over some of a domain's groups. The caller learns these sums; domain and
 *  gateway learn who asks for which measures, and not which groups, nor how many. A selection is registered before it is
 *  asked under; asked again, in whatever call, it gets the same sums and pays for them once.
 *  @module */
import {
  decodeSelectionRegistered,
  encodeSelectionCall,
  encodeSelectionRegistration,
  fromHex,
  toHex,
  type EvidencedReceipt,
  type SelectionSnapshot,
} from "@sluice/protocol";
import { HeldSelection, type KeptSelection, type SelectionAnswer } from "./held-selection.ts";
import type { CallOptions } from "./options.ts";
import { openProduct, useOf, type ProductHandle } from "./product-handle.ts";
import { callOnce, type ProductionContext } from "./production-call.ts";
import { asClient, refusal } from "./refusal.ts";

/** A registration: how many selections of this product the caller has registered, of how many that its grant allows. */
export interface SelectionRegistrationResult {
  readonly used: number;
  readonly most: number;
  readonly receipt: EvidencedReceipt;
}

/** A product of the form `hidden-selection` at one snapshot. */
export interface SelectionHandle extends ProductHandle<SelectionSnapshot> {
  /** Selects groups by the labels of `snapshot.parameters`. Nothing is sent. Keep it before it is registered: a selection that is lost
   *  stays registered. @throws ERR_SELECTION_TOTAL, ERR_SELECTION_PARAMETERS */
  select(labels: readonly string[], options?: CallOptions): Promise<HeldSelection>;
  /** Takes up one that was kept. @throws ERR_SELECTION_REFUSED when it is not for this product or caller */
  resume(kept: KeptSelection, options?: CallOptions): Promise<HeldSelection>;
  /** Registers it; again, it changes nothing. Spends one registration of the quota.
   *  @throws ERR_SELECTION_REFUSED when the grant allows no further one; ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_CANCELLED */
  register(selection: HeldSelection, options?: CallOptions): Promise<SelectionRegistrationResult>;
  /** Asks for measures by name, and does not open the answer. Spends the price of those that were not asked before under this
   *  selection, of this snapshot, and one unit of the quota for each.
   *  @throws ERR_SELECTION_BUDGET, ERR_SELECTION_REFUSED, ERR_SELECTION_PROOF, ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_CANCELLED */
  ask(
    selection: HeldSelection,
    measures: readonly string[],
    options?: CallOptions,
  ): Promise<SelectionAnswer & { readonly receipt: EvidencedReceipt }>;
}

/** Opens a product of the form `hidden-selection`. @throws what `openProduct` throws */
export async function openSelection(
  context: ProductionContext,
  name: string,
  options: CallOptions = {},
): Promise<SelectionHandle> {
  const product = await openProduct(context, name, "hidden-selection", options);
  const { parameters, digits, epoch } = product.snapshot;
  const snapshot = fromHex(product.snapshotHash);
  if (parameters.product !== name) throw refusal("ERR_RECEIPT", { reason: "the parameters are another product's" });
  /** The caller as the domain knows it: the party of this key in the grant. */
  const callerOf = async (options: CallOptions): Promise<string> => {
    const { body } = await product.grant(options);
    const caller = body.callers.find(({ keyId }) => keyId === context.key.keyId);
    if (caller === undefined) throw refusal("ERR_GRANT_PARTY", { role: "caller" });
    return caller.party;
  };
  return {
    ...product,
    select: async (labels, options = {}) =>
      await HeldSelection.select({ parameters, digits, caller: await callerOf(options) }, labels),
    resume: async ({ frame, secret }, options = {}) =>
      await HeldSelection.resume({ parameters, digits, caller: await callerOf(options), frame, secret }),
    async register(selection, options = {}) {
      const frame = encodeSelectionRegistration({ snapshot, commitment: fromHex(selection.commitment) });
      const answered = await callOnce(context, useOf(product, "selection.register", 1), frame, options);
      const { commitment, used, most } = await asClient(() => decodeSelectionRegistered(answered.frame));
      if (toHex(commitment) !== selection.commitment) {
        throw refusal("ERR_SELECTION_REFUSED", { reason: "the answer is one to another request" });
      }
      return { used, most, receipt: answered.receipt };
    },
    async ask(selection, measures, options = {}) {
      const request = await asClient(() => selection.request(epoch, measures));
      const frame = encodeSelectionCall({ snapshot, selection: selection.frame, request });
      const answered = await callOnce(context, useOf(product, "selection.sum", measures.length), frame, options);
      return { request, answer: answered.frame, receipt: answered.receipt };
    },
  };
}
