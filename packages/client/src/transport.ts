/** One signed HTTP exchange with the gateway: time limit, size limit, and problem documents as errors.
 *  Nothing here is trusted: what an answer says is checked by those who asked.
 *  @module */
import { fromProblem, MAX_JSON_BODY_BYTES, type Bytes, type Clock, type Random } from "@sluice/protocol";
import type { SigningKey } from "@sluice/evidence/sign";
import { signHttp } from "@sluice/evidence/http";
import { refusal, throwIfCancelled } from "./refusal.ts";
import { parseAs, parseJson, readBytes, type Schema } from "./response-body.ts";

/** Largest JSON answer, in bytes: a list of many management documents. */
const MAX_JSON_ANSWER_BYTES = 16 * MAX_JSON_BODY_BYTES;

/** What is asked of the gateway. */
export interface Exchange {
  readonly method: "GET" | "PUT" | "POST";
  /** Path from the gateway's address, with a leading `/`. */
  readonly path: string;
  readonly body?: { readonly mediaType: string; readonly bytes: Bytes };
  /** Further headers, lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest wait for this answer; the transport's own when absent. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Parts a transport is made of. */
export interface TransportOptions {
  readonly gatewayUrl: string;
  readonly key: SigningKey;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
}

/** Sends exchanges to one gateway. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #base: string;

  /** @throws ERR_USAGE when the address is not an http or https URL. */
  constructor(options: TransportOptions) {
    this.#options = options;
    const url = URL.parse(options.gatewayUrl);
    if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
      throw refusal("ERR_USAGE", { reason: "the gateway's address is not an http or https URL" });
    }
    this.#base = `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  }

  /** The answer's JSON as `schema` reads it. @throws ERR_BODY_INVALID, and what `bytes` throws. */
  async json<T>(exchange: Exchange, schema: Schema<T>): Promise<T> {
    return parseAs(schema, parseJson(await this.bytes(exchange, MAX_JSON_ANSWER_BYTES)));
  }

  /** The answer's bytes. @throws ERR_UNREACHABLE, ERR_TIMEOUT, ERR_CANCELLED, ERR_FRAME_TOO_LARGE, or the peer's refusal. */
  async bytes(exchange: Exchange, maxBytes: number): Promise<Bytes> {
    const timeoutMs = exchange.timeoutMs ?? this.#options.timeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = exchange.signal === undefined ? timeout : AbortSignal.any([timeout, exchange.signal]);
    return await this.#guarded(exchange.signal, { timeout, timeoutMs }, async () => {
      const response = await this.#fetch(exchange, signal);
      return await readBytes(response, maxBytes);
    });
  }

  /** The open answer, for streams: `signal` is the only limit. @throws as `bytes`. */
  async stream(exchange: Exchange, signal: AbortSignal): Promise<Response> {
    return await this.#guarded(exchange.signal, undefined, () => this.#fetch(exchange, signal));
  }

  async #fetch(exchange: Exchange, signal: AbortSignal): Promise<Response> {
    const { key, clock, random } = this.#options;
    const url = `${this.#base}${exchange.path}`;
    const headers: Record<string, string> = { accept: "application/json", ...exchange.headers };
    const body = new Uint8Array(exchange.body?.bytes ?? []);
    if (exchange.body !== undefined) headers["content-type"] = exchange.body.mediaType;
    const signature = await signHttp({ method: exchange.method, url, body }, key, { clock, random });
    const init: RequestInit = { method: exchange.method, headers: { ...headers, ...signature }, signal };
    const response = await this.#options.fetch(url, exchange.method === "GET" ? init : { ...init, body });
    if (!response.ok) throw await this.#refusalOf(response);
    return response;
  }

  async #refusalOf(response: Response): Promise<Error> {
    const bytes = await readBytes(response, MAX_JSON_BODY_BYTES);
    const unknown = refusal("ERR_UNREACHABLE", { peer: `a gateway that answers problem documents at ${this.#base}` });
    try {
      return fromProblem(parseJson(bytes)) ?? unknown;
    } catch {
      return unknown;
    }
  }

  async #guarded<T>(
    signal: AbortSignal | undefined,
    limit: { readonly timeout: AbortSignal; readonly timeoutMs: number } | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    throwIfCancelled(signal);
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof Error && cause.name === "SluiceError") throw cause;
      throwIfCancelled(signal);
      if (limit?.timeout.aborted === true) throw refusal("ERR_TIMEOUT", { timeoutMs: limit.timeoutMs }, cause);
      throw refusal("ERR_UNREACHABLE", { peer: this.#base }, cause);
    }
  }
}
