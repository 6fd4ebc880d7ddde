/** Production calls, of every form of product. The order is fixed: who asks, may they, of what; what does the sealed
 *  frame cost; spend exactly that; only then compute. What the domain learns of a call stands with its form.
 *  @module */
import { openQuery } from "@sluice/evidence/seal";
import {
  FORM_OPERATIONS,
  formOfOperation,
  formOfSnapshot,
  isSluiceError,
  SluiceError,
  sealingContext,
  type AnswerEnvelope,
  type Bytes,
  type CallEnvelope,
} from "@sluice/protocol";
import type { KeptAnswer } from "../state/answers.ts";
import { foldersOf, type FormerProduct, type ServedProduct } from "../state/work.ts";
import { admit, decide, refuseEnded, refuseStopped, spend, type Admitted } from "./admit.ts";
import type { DomainContext } from "./context.ts";
import type { DomainForm } from "./forms/product-form.ts";
import { issueReceipt, prove } from "./receipts.ts";

/** Answers one call. @throws the coded refusal; nothing was computed unless the use was spent. */
export async function answerCall(
  context: DomainContext,
  envelope: CallEnvelope,
  signal: AbortSignal,
): Promise<AnswerEnvelope> {
  const admitted = await admit(context, envelope);
  const { operation, callId } = admitted.request;
  if (formOfOperation(operation) === null) throw new SluiceError("ERR_GRANT_OPERATION", { operation });
  decide(context, admitted, null);
  const product = servedProduct(context, admitted);
  const before = context.work.productBefore(product.product, product.version);
  const folders = [...foldersOf(product), ...(before === null ? [] : foldersOf(before))];
  const form = context.formOf(formOfSnapshot(product.snapshot.body));
  if (!FORM_OPERATIONS[form.form].some((own) => own === operation)) {
    throw new SluiceError("ERR_GRANT_OPERATION", { operation });
  }
  // A retry that comes early waits for the first attempt: one charge is good for one computation at a time.
  const caller = `${admitted.keyId} ${callId}`;
  return await context.activeCalls.run(admitted, signal, async (stopped) => {
    const kept = await stoppable(context, admitted, () =>
      context.indexes.read(folders, () =>
        context.calls.run(caller, stopped, () =>
          chargeAndAnswer(context, admitted, { product, before, form, signal: stopped }),
        ),
      ),
    );
    if (kept.frame === null) throw new SluiceError("ERR_CALL_REUSED");
    const receipt = await prove(context, kept);
    refuseEnded(context, admitted);
    return { receipt, frame: kept.frame };
  });
}

/** What `work` gives; when it was stopped, the refusal says why. */
async function stoppable<T>(context: DomainContext, admitted: Admitted, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    refuseStopped(context, admitted);
    throw error;
  }
}

interface Asked {
  readonly product: ServedProduct;
  /** What answers beside it for a while, if anything does. */
  readonly before: FormerProduct | null;
  readonly form: DomainForm;
  readonly signal: AbortSignal;
}

async function chargeAndAnswer(
  context: DomainContext,
  admitted: Admitted,
  { product: served, before: former, form, signal }: Asked,
): Promise<KeptAnswer> {
  const { request } = admitted;
  const query = await openQuery(context.sealKeys, admitted.frame, sealingContext(request));
  const asking = { keyId: admitted.keyId, callId: request.callId };
  form.permit?.(served, query.content, asking, context.clock.now());
  // What was answered before is not measured again: a build since then has changed what its frame names.
  const answered = context.answers.get(request.callId);
  const product =
    answered === null
      ? (form.choose?.(served, whileAnswering(context, former), request.operation, query.content) ?? served)
      : served;
  const amount =
    answered === null
      ? await form.measure(product, request.operation, query.content)
      : BigInt(answered.receipt.body.quantity.amount);
  const charged = await spend(context, admitted, amount, (now) => form.begin?.(product, query.content, asking, now));
  const before = charged === "already" ? context.answers.get(request.callId) : null;
  if (before !== null) return before;
  if (charged === "already" && !context.uses.beginAttempt(request.callId)) throw new SluiceError("ERR_CALL_REUSED");
  const answer = await computed(context, request.callId, () =>
    form.answer(product, request.operation, query.content, signal, asking),
  );
  // What was stopped while it was computed, or whose term ended, has no answer.
  refuseEnded(context, admitted);
  form.permit?.(product, query.content, asking, context.clock.now());
  const certificate = form.certificate?.(product);
  return issueReceipt(context, admitted, {
    frame: await query.sealAnswer(answer, context.random),
    amount,
    snapshot: product.snapshotHash,
    release: product.snapshot.body.release,
    ...(certificate === undefined ? {} : { certificate }),
    // What cost nothing is asked again for nothing, and fills no disk.
    unkept: amount === 0n,
    layers: product.layers,
  });
}

/** The answer; an attempt that found no place in a queue is not counted as one. */
async function computed(context: DomainContext, callId: string, answer: () => Promise<Bytes>): Promise<Bytes> {
  try {
    return await answer();
  } catch (error) {
    if (isSluiceError(error, "ERR_POOL_FULL")) context.uses.returnAttempt(callId);
    throw error;
  }
}

/** What came before, while its time has not run out. */
export function whileAnswering(
  { clock }: Pick<DomainContext, "clock">,
  before: FormerProduct | null,
): ServedProduct | null {
  return before !== null && clock.now().getTime() < Date.parse(before.until) ? before : null;
}

/** The product that a use names, as its release has it. @throws ERR_RELEASE_MISSING, ERR_BUNDLE_CHANGED, ERR_STATE */
export function servedProduct(context: DomainContext, admitted: Admitted): ServedProduct {
  const { request, held } = admitted;
  const named = { product: request.product, version: request.version };
  const release = context.documents.release(request.product, request.version);
  if (release === null || release.release.body.grant !== held.hash) throw new SluiceError("ERR_RELEASE_MISSING", named);
  if (release.release.body.bundle !== request.bundle) throw new SluiceError("ERR_BUNDLE_CHANGED");
  const product = context.work.product(request.product, request.version);
  if (product === null) {
    throw new SluiceError("ERR_STATE", {
      kind: "product",
      name: request.product,
      state: "released",
      needed: "a build",
    });
  }
  return product;
}
