/** Production calls of many messages. The call that opens a session declares the padded size of its list, and spends it before
 *  anything is computed; messages that follow are sealed under keys of that call. The receipt is made when the domain's role
 *  has ended, before its last frames leave. What ends a session early leaves its units spent and no receipt: ask again.
 *  @module */
import { openQuery } from "@sluice/evidence/seal";
import { MeasuredSession, type SessionTotals } from "@sluice/mpc/session/client";
import {
  decodeSessionMessage,
  decodeSessionOpening,
  encodeSessionSummary,
  FORM_OPERATIONS,
  formOfSnapshot,
  sealingContext,
  SluiceError,
  type Bytes,
  type CallEnvelope,
  type SessionOpening,
  type SessionReply,
} from "@sluice/protocol";
import { foldersOf, type ServedProduct } from "../state/work.ts";
import { admit, decide, refuseEnded, refuseStopped, spend, type Admitted } from "./admit.ts";
import { servedProduct } from "./calls.ts";
import type { DomainContext } from "./context.ts";
import { expectSnapshot, type SessionForm } from "./forms/product-form.ts";
import { issueReceipt, prove } from "./receipts.ts";

const NOTHING: Bytes = new Uint8Array();

/** What a session rests on. */
export interface HeldCall {
  readonly admitted: Admitted;
  /** As it was when the session was charged. */
  readonly product: ServedProduct;
}

/** Opens the session of a call; the reply says nothing yet. A retry waits for the attempt before it: one of what is open changes
 *  nothing, and one of what has ended is answered with the receipt, whatever is served by then.
 *  @throws the coded refusal; nothing was computed unless the use was spent, and nothing was spent if it is ERR_SNAPSHOT */
export async function openSession(
  context: DomainContext,
  envelope: CallEnvelope,
  signal: AbortSignal,
): Promise<SessionReply> {
  const admitted = await admit(context, envelope);
  const { callId } = admitted.request;
  decide(context, admitted, null);
  return await context.calls.run(`${admitted.keyId} ${callId}`, signal, async () => {
    if (context.uses.requestHash(callId) === null) return await chargeAndBegin(context, admitted);
    await spend(context, admitted, 0n);
    return await replyAgain(context, admitted);
  });
}

async function chargeAndBegin(context: DomainContext, admitted: Admitted): Promise<SessionReply> {
  const { operation, callId } = admitted.request;
  const product = servedProduct(context, admitted);
  const form = context.formOf(formOfSnapshot(product.snapshot.body));
  const session = form.session?.(product) ?? null;
  if (session === null || !FORM_OPERATIONS[form.form].some((own) => own === operation)) {
    throw new SluiceError("ERR_GRANT_OPERATION", { operation });
  }
  return await context.indexes.read(foldersOf(product), async () => {
    const query = await openQuery(context.sealKeys, admitted.frame, sealingContext(admitted.request));
    const opening = decodeSessionOpening(query.content);
    const amount = session.measure(opening);
    const seal = await query.session();
    let release = (): void => {};
    try {
      const charged = await spend(context, admitted, amount, (now) => {
        // In the turn of the charge: what a build has replaced meanwhile is not paid for.
        expectSnapshot(opening.snapshot, servedProduct(context, admitted));
        session.begin?.({ keyId: admitted.keyId, callId }, now);
        release = context.sessions.reserve(callId, admitted.held.hash);
      });
      if (charged === "already") return await replyAgain(context, admitted);
      const whenDone = async (totals: SessionTotals): Promise<void> => {
        const frame = await query.sealAnswer(summaryOf(opening, totals), context.random);
        refuseEnded(context, admitted);
        refuseReplaced(context, { admitted, product });
        await issueReceipt(context, admitted, {
          frame,
          amount,
          snapshot: product.snapshotHash,
          release: product.snapshot.body.release,
          layers: product.layers,
        });
      };
      await begin(context, { admitted, product, session, opening, seal, whenDone });
      return { sealed: NOTHING, answer: null };
    } finally {
      release();
    }
  });
}

/** Answers a message of an open session, with the receipt once there is one.
 *  @throws ERR_SEAL, ERR_SESSION_FRAME, ERR_SESSION_ENDED, what ended the session, and why its use was stopped */
export async function continueSession(
  context: DomainContext,
  callId: string,
  messageBytes: Bytes,
  signal: AbortSignal,
): Promise<SessionReply> {
  const message = decodeSessionMessage(messageBytes);
  const held = context.sessions.ownerOf(callId);
  refuseEnded(context, held.admitted);
  refuseReplaced(context, held);
  try {
    const sealed = await context.sessions.reply(callId, message, signal);
    return { sealed, answer: await receiptOf(context, held.admitted) };
  } catch (error) {
    refuseStopped(context, held.admitted);
    refuseReplaced(context, held);
    throw error;
  }
}

interface Beginning extends HeldCall {
  readonly session: SessionForm;
  readonly opening: SessionOpening;
  readonly seal: Parameters<DomainContext["sessions"]["run"]>[0]["seal"];
  readonly whenDone: (totals: SessionTotals) => Promise<void>;
}

/** Returns when messages may come; the session goes on by itself. */
async function begin(
  context: DomainContext,
  { admitted, product, session, opening, seal, whenDone }: Beginning,
): Promise<void> {
  const { callId } = admitted.request;
  const begun = Promise.withResolvers<void>();
  const never = new AbortController().signal;
  const owner: HeldCall = { admitted, product };
  const run = context.activeCalls.run(admitted, never, (signal) =>
    context.indexes.read(foldersOf(product), async () => {
      const { role, close } = await session.open(opening, callId, signal);
      try {
        refuseReplaced(context, owner);
        const measured = new MeasuredSession(role, "domain", whenDone);
        const group = admitted.held.hash;
        const running = context.sessions.run({ callId, role: measured, seal, group, owner, signal });
        begun.resolve();
        await running;
      } finally {
        await close();
      }
    }),
  );
  // Whoever asks for the session is told why it ended.
  run.catch((error: unknown) => begun.reject(error));
  await begun.promise;
}

/** Refuses a session over what a build has replaced, unless its receipt was made before: who is in the set no more is not
 *  matched any more, whenever the session was opened. @throws ERR_SESSION_ENDED */
function refuseReplaced(context: DomainContext, { admitted, product }: HeldCall): void {
  const now = context.work.product(product.product, product.version);
  if (now?.snapshotHash === product.snapshotHash) return;
  if (context.answers.get(admitted.request.callId) !== null) return;
  throw new SluiceError("ERR_SESSION_ENDED", { reason: "the product serves another snapshot now" });
}

async function replyAgain(context: DomainContext, admitted: Admitted): Promise<SessionReply> {
  const answer = await receiptOf(context, admitted);
  // What has neither begun in this process nor ended with a receipt has ended.
  if (answer === null) refuseReplaced(context, context.sessions.ownerOf(admitted.request.callId));
  return { sealed: NOTHING, answer };
}

/** The receipt, if there is one. @throws why its use was stopped, also while the receipt was proven */
async function receiptOf(context: DomainContext, admitted: Admitted): Promise<SessionReply["answer"]> {
  const kept = context.answers.get(admitted.request.callId);
  const answer =
    kept === null || kept.frame === null ? null : { receipt: await prove(context, kept), frame: kept.frame };
  refuseEnded(context, admitted);
  return answer;
}

function summaryOf({ items }: SessionOpening, { sentBytes, receivedBytes, digest }: SessionTotals): Bytes {
  return encodeSessionSummary({ items, callerBytes: receivedBytes, domainBytes: sentBytes, digest });
}
