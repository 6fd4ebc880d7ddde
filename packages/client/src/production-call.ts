/** One production call: signed, sent, retried under the same call id, and believed only with its receipt.
 *  @module */
import { sealQuery } from "@sluice/evidence/seal";
import type { TrustPins } from "@sluice/evidence/verify";
import {
  BINARY_MEDIA_TYPE,
  CALLER_PATIENCE_MS,
  decodeAnswer,
  documentHash,
  domainTimeoutMs,
  encodeCall,
  MAX_ENVELOPE_JSON_BYTES,
  MAX_FRAME_BYTES,
  sealingContext,
  type AnswerEnvelope,
  type Bytes,
  type CallEnvelope,
  type Operation,
  type SealKeyId,
  type Sha256Hex,
} from "@sluice/protocol";
import type { SigningKey } from "@sluice/evidence/sign";
import type { CallOptions } from "./options.ts";
import { checkAnswer } from "./receipt-check.ts";
import { asClient, refusal } from "./refusal.ts";
import { withRetries, type RetryPolicy } from "./retry.ts";
import { random128, signUse, type UseSubject } from "./signed-use.ts";
import type { Transport, TransportOptions } from "./transport.ts";

/** version ‖ length ‖ receipt ‖ length ‖ frame. */
const MAX_ANSWER_BYTES = 2 + 2 + MAX_ENVELOPE_JSON_BYTES + 3 + MAX_FRAME_BYTES;

/** What production calls need. */
export interface ProductionContext extends Pick<TransportOptions, "clock" | "random"> {
  readonly transport: Transport;
  readonly key: SigningKey;
  readonly trust: TrustPins;
  readonly retry: Omit<RetryPolicy, "signal">;
  /** Longest wait for an answer, when whoever made the client chose one. */
  readonly chosenTimeoutMs: number | undefined;
}

/** What is asked, with what the snapshot says the receipt must name. */
export interface ProductionUse extends UseSubject {
  readonly release: Sha256Hex;
  readonly snapshot: Sha256Hex;
  /** The domain's key that the query is sealed to, from the signed snapshot. */
  readonly sealKey: SealKeyId;
  /** Units the call spends, as its receipt must state them. */
  readonly amount: string;
}

/** How long to wait for the answer to a use: longer than the gateway waits for the domain, unless a time was chosen. */
export function answerTimeoutMs(
  { chosenTimeoutMs }: Pick<ProductionContext, "chosenTimeoutMs">,
  operation: Operation,
): number {
  return chosenTimeoutMs ?? domainTimeoutMs(operation) + CALLER_PATIENCE_MS;
}

/** Sends one envelope once, and decodes the answer without checking it.
 *  @throws ERR_ANSWER_ALTERED when it is no answer envelope, and what the peers refuse */
export async function sendEnvelope(
  transport: Transport,
  envelope: CallEnvelope,
  { signal, timeoutMs }: CallOptions & { readonly timeoutMs?: number },
): Promise<AnswerEnvelope> {
  const bytes = await transport.bytes(
    {
      method: "POST",
      path: "/v1/calls",
      body: { mediaType: BINARY_MEDIA_TYPE, bytes: encodeCall(envelope) },
      headers: { accept: BINARY_MEDIA_TYPE },
      timeoutMs,
      signal,
    },
    MAX_ANSWER_BYTES,
  );
  try {
    return decodeAnswer(bytes);
  } catch (cause) {
    throw refusal("ERR_ANSWER_ALTERED", {}, cause);
  }
}

/** Makes one call and returns its checked and opened answer. `content` goes out sealed; a retry keeps the call id and
 *  the sealed bytes, and has a fresh nonce.
 *  @throws ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_CANCELLED, and what the peers refuse */
export async function callOnce(
  context: ProductionContext,
  use: ProductionUse,
  content: Bytes,
  { signal }: CallOptions,
): Promise<AnswerEnvelope> {
  const { transport, key, trust } = context;
  const callId = random128(context.random);
  const sealed = await asClient(() => sealQuery(use.sealKey, content, sealingContext({ ...use, callId })));
  const timeoutMs = answerTimeoutMs(context, use.operation);
  const requests = new Set<Sha256Hex>();
  const answer = await withRetries(
    async () => {
      const envelope = await signUse({ ...use, callId }, sealed.frame, key, context);
      requests.add(await documentHash(envelope.request.body));
      return await sendEnvelope(transport, envelope, { signal, timeoutMs });
    },
    { ...context.retry, signal },
  );
  await checkAnswer(answer, { ...use, callId, party: key.keyId, requests }, trust);
  return { receipt: answer.receipt, frame: await asClient(() => sealed.openAnswer(answer.frame)) };
}
