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

/** Opens the session of a call; the reply says nothing yet. A retry of what is open changes nothing, and one of what has
 *  ended is answered with the receipt. @throws the coded refusal; nothing was computed unless the use was spent */
export async function openSession(context: DomainContext, envelope: CallEnvelope): Promise<SessionReply> {
  const admitted = await admit(context, envelope);
  const { operation, callId } = admitted.request;
  decide(context, admitted, null);
  const product = servedProduct(context, admitted);
  const form = context.formOf(formOfSnapshot(product.snapshot.body));
  const session = form.session?.(product) ?? null;
  if (session === null || !FORM_OPERATIONS[form.form].some((own) => own === operation)) {
    throw new SluiceError("ERR_GRANT_OPERATION", { operation });
  }
  const query = await openQuery(context.sealKeys, admitted.frame, sealingContext(admitted.request));
  const opening = decodeSessionOpening(query.content);
  expectSnapshot(opening.snapshot, product);
  const amount = session.measure(opening);
  const release = context.sessions.holds(callId) ? () => {} : context.sessions.reserve(callId, admitted.held.hash);
  try {
    if ((await spend(context, admitted, amount)) === "already") return await replyAgain(context, callId);
    const whenDone = async (totals: SessionTotals): Promise<void> => {
      refuseEnded(context, admitted);
      await issueReceipt(context, admitted, {
        frame: await query.sealAnswer(summaryOf(opening, totals), context.random),
        amount,
        snapshot: product.snapshotHash,
        release: product.snapshot.body.release,
        layers: product.layers,
      });
    };
    await begin(context, admitted, { product, session, opening, seal: await query.session(), whenDone });
    return { sealed: NOTHING, answer: null };
  } finally {
    release();
  }
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
  const admitted = context.sessions.ownerOf(callId);
  refuseEnded(context, admitted);
  try {
    const sealed = await context.sessions.reply(callId, message, signal);
    return { sealed, answer: await receiptOf(context, callId) };
  } catch (error) {
    refuseStopped(context, admitted);
    throw error;
  }
}

interface Beginning {
  readonly product: ServedProduct;
  readonly session: SessionForm;
  readonly opening: SessionOpening;
  readonly seal: Parameters<DomainContext["sessions"]["run"]>[0]["seal"];
  readonly whenDone: (totals: SessionTotals) => Promise<void>;
}

/** Returns when messages may come; the session goes on by itself. */
async function begin(
  context: DomainContext,
  admitted: Admitted,
  { product, session, opening, seal, whenDone }: Beginning,
): Promise<void> {
  const { callId } = admitted.request;
  const begun = Promise.withResolvers<void>();
  const never = new AbortController().signal;
  const run = context.activeCalls.run(admitted, never, (signal) =>
    context.indexes.read(foldersOf(product), async () => {
      const { role, close } = await session.open(opening, callId, signal);
      try {
        const measured = new MeasuredSession(role, "domain", whenDone);
        const group = admitted.held.hash;
        const running = context.sessions.run({ callId, role: measured, seal, group, owner: admitted, signal });
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

async function replyAgain(context: DomainContext, callId: string): Promise<SessionReply> {
  const answer = await receiptOf(context, callId);
  if (answer === null && !context.sessions.holds(callId)) {
    throw new SluiceError("ERR_SESSION_ENDED", { reason: "the domain holds none of this call" });
  }
  return { sealed: NOTHING, answer };
}

async function receiptOf(context: DomainContext, callId: string): Promise<SessionReply["answer"]> {
  const kept = context.answers.get(callId);
  if (kept === null || kept.frame === null) return null;
  return { receipt: await prove(context, kept), frame: kept.frame };
}

function summaryOf({ items }: SessionOpening, { sentBytes, receivedBytes, digest }: SessionTotals): Bytes {
  return encodeSessionSummary({ items, callerBytes: receivedBytes, domainBytes: sentBytes, digest });
}
