/** One production call of many messages: opened by a signed use, gone on with by sealed messages, and believed only with its
 *  receipt, which states what both sides have counted.
 *  @module */
import { MeasuredSession, postSession } from "@sluice/mpc/session/client";
import { sealQuery, type SentQuery } from "@sluice/evidence/seal";
import {
  BINARY_MEDIA_TYPE,
  decodeSessionReply,
  decodeSessionSummary,
  documentHash,
  encodeCall,
  encodeSessionMessage,
  encodeSessionOpening,
  equalBytes,
  fromHex,
  MAX_SESSION_REPLY_BYTES,
  sealingContext,
  type AnswerEnvelope,
  type Bytes,
  type EvidencedReceipt,
  type Session,
  type SessionReply,
  type Sha256Hex,
} from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { answerTimeoutMs, sendEnvelope, type ProductionContext, type ProductionUse } from "./production-call.ts";
import { checkAnswer } from "./receipt-check.ts";
import { asClient, refusal } from "./refusal.ts";
import { withRetries } from "./retry.ts";
import { random128, signUse } from "./signed-use.ts";

/** What a session yields. */
export interface SessionOutcome {
  /** What the caller's role computed. */
  readonly done: unknown;
  readonly receipt: EvidencedReceipt;
}

/** Runs the caller's role over a session whose list has `items` entries, padded. A cut is survived by sending again; what ends
 *  the session early leaves its units spent.
 *  @throws ERR_SESSION_ENDED, ERR_SESSION_LIMIT, ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_CANCELLED, what the role throws and what the peers refuse */
export async function runSessionCall(
  context: ProductionContext,
  use: ProductionUse,
  { role, items }: { readonly role: (session: Bytes) => Session; readonly items: number },
  { signal }: CallOptions,
): Promise<SessionOutcome> {
  const callId = random128(context.random);
  const opening = encodeSessionOpening({ snapshot: fromHex(use.snapshot), items });
  const sealed = await asClient(() => sealQuery(use.sealKey, opening, sealingContext({ ...use, callId })));
  const call = new OpenCall(context, { ...use, callId }, sealed);
  await call.open(signal);
  const measured = new MeasuredSession(role(fromHex(callId)), "caller", async () => {});
  const seal = await sealed.session();
  let number = 0;
  const post = async (packet: Bytes, until: AbortSignal | undefined): Promise<Bytes> => {
    const own = number++;
    const message = encodeSessionMessage({ number: own, sealed: await seal.seal(own, packet) });
    const reply = await call.send(`/v1/sessions/${use.domain}/${callId}`, message, until);
    try {
      return await seal.open(own, reply.sealed);
    } catch (cause) {
      throw refusal("ERR_ANSWER_ALTERED", {}, cause);
    }
  };
  const done = await postSession(measured, { id: fromHex(callId), post, signal });
  const answer = call.answer ?? (await call.fetchAnswer(signal));
  await checkAnswer(answer, { ...use, callId, party: context.key.keyId, requests: call.requests }, context.trust);
  const summary = decodeSessionSummary(await asClient(() => sealed.openAnswer(answer.frame)));
  const { sentBytes, receivedBytes, digest } = await measured.totals();
  const same = summary.items === items && summary.callerBytes === sentBytes && summary.domainBytes === receivedBytes;
  if (!same || !equalBytes(summary.digest, digest)) {
    throw refusal("ERR_RECEIPT", { reason: "its session is not the one that was held" });
  }
  return { done, receipt: answer.receipt };
}

/** The exchanges of one call, each tried again while that may help. */
class OpenCall {
  readonly requests = new Set<Sha256Hex>();
  /** The receipt, once it has come. */
  answer: AnswerEnvelope | null = null;
  readonly #context: ProductionContext;
  readonly #use: ProductionUse & { readonly callId: string };
  readonly #sealed: SentQuery;

  constructor(context: ProductionContext, use: ProductionUse & { readonly callId: string }, sealed: SentQuery) {
    this.#context = context;
    this.#use = use;
    this.#sealed = sealed;
  }

  /** Opens the session. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    await this.#again(signal, async () => await this.#post("/v1/sessions", encodeCall(await this.#envelope()), signal));
  }

  /** Sends a message, the same bytes each time. */
  async send(path: string, message: Bytes, signal: AbortSignal | undefined): Promise<SessionReply> {
    return await this.#again(signal, () => this.#post(path, message, signal));
  }

  /** Asks for the receipt of a session that has ended. */
  async fetchAnswer(signal: AbortSignal | undefined): Promise<AnswerEnvelope> {
    const timeoutMs = answerTimeoutMs(this.#context, this.#use.operation);
    return await this.#again(signal, async () =>
      sendEnvelope(this.#context.transport, await this.#envelope(), { signal, timeoutMs }),
    );
  }

  async #envelope(): ReturnType<typeof signUse> {
    const envelope = await signUse(this.#use, this.#sealed.frame, this.#context.key, this.#context);
    this.requests.add(await documentHash(envelope.request.body));
    return envelope;
  }

  async #post(path: string, bytes: Bytes, signal: AbortSignal | undefined): Promise<SessionReply> {
    const timeoutMs = answerTimeoutMs(this.#context, this.#use.operation);
    const exchange = {
      method: "POST" as const,
      path,
      body: { mediaType: BINARY_MEDIA_TYPE, bytes },
      headers: { accept: BINARY_MEDIA_TYPE },
      timeoutMs,
      signal,
    };
    const replyBytes = await this.#context.transport.bytes(exchange, MAX_SESSION_REPLY_BYTES);
    try {
      const reply = decodeSessionReply(replyBytes);
      this.answer ??= reply.answer;
      return reply;
    } catch (cause) {
      throw refusal("ERR_ANSWER_ALTERED", {}, cause);
    }
  }

  async #again<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    return await withRetries(attempt, { ...this.#context.retry, signal });
  }
}
