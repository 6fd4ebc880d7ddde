/** The exchanges of one call of many messages, each tried again while that may help.
 *  @module */
import type { SentQuery } from "@sluice/evidence/seal";
import {
  BINARY_MEDIA_TYPE,
  CALLER_PATIENCE_MS,
  decodeSessionReply,
  documentHash,
  DOMAIN_TIMEOUT_MS,
  encodeCall,
  isSluiceError,
  MAX_SESSION_REPLY_BYTES,
  type AnswerEnvelope,
  type Bytes,
  type SessionReply,
  type Sha256Hex,
} from "@sluice/protocol";
import { keep, type CallJournal } from "./call-journal.ts";
import type { CallOptions } from "./options.ts";
import { answerTimeoutMs, sendEnvelope, type ProductionContext, type ProductionUse } from "./production-call.ts";
import { refusal } from "./refusal.ts";
import { isTransient, withRetries } from "./retry.ts";
import { signUse } from "./signed-use.ts";

/** Slowest way of a message for which there is time. */
const MIN_BYTES_PER_MS = 128;

/** What is kept of one call. */
interface Kept {
  readonly sealed: SentQuery;
  readonly journal: CallJournal | undefined;
  /** Hashes of requests that were signed before. */
  readonly requests: ReadonlySet<Sha256Hex>;
}

/** A call whose session is opened, gone on with, and asked for its receipt. */
export class OpenCall {
  readonly requests: Set<Sha256Hex>;
  /** The receipt, once it has come. */
  answer: AnswerEnvelope | null = null;
  /** Whether the domain has said, in answer to a message, that the session's time is over or its role has failed. */
  ended = false;
  readonly #context: ProductionContext;
  readonly #use: ProductionUse & { readonly callId: string };
  readonly #sealed: SentQuery;
  readonly #journal: CallJournal | undefined;

  constructor(
    context: ProductionContext,
    use: ProductionUse & { readonly callId: string },
    { sealed, journal, requests }: Kept,
  ) {
    this.#context = context;
    this.#use = use;
    this.#sealed = sealed;
    this.#journal = journal;
    this.requests = new Set(requests);
  }

  /** Opens the session; again, when it is open. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    const timeoutMs = answerTimeoutMs(this.#context, this.#use.operation);
    await this.#again(signal, async () => {
      await this.#post("/v1/sessions", encodeCall(await this.#envelope()), { signal, timeoutMs });
    });
  }

  /** Sends a message, the same bytes each time. A gateway that has begun anew is shown the opening again, which costs nothing. */
  async send(path: string, message: Bytes, signal: AbortSignal): Promise<SessionReply> {
    const timeoutMs = messageTimeoutMs(this.#context, message.length);
    const outlives = (error: unknown): boolean => {
      this.ended ||= isSluiceError(error, "ERR_TIMEOUT", "ERR_INTERNAL") && error.refusedBy === "domain";
      return !this.ended && isTransient(error);
    };
    const say = async () => {
      const policy = { ...this.#context.retry, signal, outlives };
      return await withRetries(() => this.#post(path, message, { signal, timeoutMs }), policy);
    };
    try {
      return await say();
    } catch (error) {
      if (!isSluiceError(error, "ERR_SESSION_ENDED") || error.refusedBy !== "gateway") throw error;
      await this.open(signal);
      return await say();
    }
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
    const hash = await documentHash(envelope.request.body);
    await keep(this.#journal, { kind: "request", hash });
    this.requests.add(hash);
    return envelope;
  }

  async #post(path: string, bytes: Bytes, limits: CallOptions & { readonly timeoutMs: number }): Promise<SessionReply> {
    const exchange = {
      method: "POST" as const,
      path,
      body: { mediaType: BINARY_MEDIA_TYPE, bytes },
      headers: { accept: BINARY_MEDIA_TYPE },
      ...limits,
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

/** How long to wait for the answer to a message: a lost one is repeated while both sides still wait for it. */
function messageTimeoutMs({ chosenTimeoutMs }: Pick<ProductionContext, "chosenTimeoutMs">, sizeBytes: number): number {
  const timeoutMs = DOMAIN_TIMEOUT_MS + CALLER_PATIENCE_MS + Math.ceil(sizeBytes / MIN_BYTES_PER_MS);
  return Math.min(chosenTimeoutMs ?? timeoutMs, timeoutMs);
}
