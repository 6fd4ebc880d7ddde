/** Requests to domains: each signed by the gateway's key (RFC 9421), bounded in time and size, and with the
 *  domain's refusals passed on as the domain's own.
 *  @module */
import { signHttp } from "@sluice/evidence/http";
import type { SigningKey } from "@sluice/evidence";
import {
  BINARY_MEDIA_TYPE,
  DOMAIN_TIMEOUT_MS,
  domainTimeoutMs,
  fromProblem,
  fromUtf8,
  isSluiceError,
  MAX_JSON_BODY_BYTES,
  PROBLEM_MEDIA_TYPE,
  SluiceError,
  utf8,
  type Bytes,
  type Clock,
  type Operation,
  type Random,
} from "@sluice/protocol";
import type { z } from "zod";

/** Longest life of one event stream; its reader comes back with Last-Event-ID. */
export const STREAM_LIFETIME_MS = 60 * 60_000;
/** Largest JSON answer of a domain: a run with its log, or a catalogue. */
const MAX_JSON_ANSWER_BYTES = 8 * MAX_JSON_BODY_BYTES;

/** Where a domain listens. */
export interface DomainAddress {
  readonly domain: string;
  readonly url: string;
}

/** A request to a domain. */
export interface DomainRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly json?: unknown;
  readonly binary?: Bytes;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxAnswerBytes?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What a link signs and measures with. */
export interface LinkOptions {
  readonly gatewayKey: SigningKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
}

/** Sends requests to domains. */
export class DomainLink {
  readonly #options: LinkOptions;
  readonly #clockSkews = new Map<string, number>();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Time limit of a use, where it is longer than that of other requests. */
  patience(operation: Operation): Pick<DomainRequest, "timeoutMs"> {
    const timeoutMs = domainTimeoutMs(operation);
    return timeoutMs > DOMAIN_TIMEOUT_MS ? { timeoutMs } : {};
  }

  /** Clock of the domain minus ours, at its last answer; good to half a second and the answer's way. */
  clockSkewSeconds(domain: string): number | undefined {
    return this.#clockSkews.get(domain);
  }

  /** The JSON answer, read by `schema`.
   *  @throws ERR_UNREACHABLE, ERR_TIMEOUT, ERR_FRAME_TOO_LARGE, or the domain's refusal */
  async json<T>(address: DomainAddress, request: DomainRequest, schema: z.ZodType<T>): Promise<T> {
    const bytes = await this.bytes(address, request);
    const parsed = schema.safeParse(parseJson(bytes));
    if (!parsed.success) throw unreadable(address);
    return parsed.data;
  }

  /** The answer's bytes. @throws as `json` */
  async bytes(address: DomainAddress, request: DomainRequest): Promise<Bytes> {
    const timeoutMs = request.timeoutMs ?? this.#options.timeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
    return this.#guarded(address, { timeout, timeoutMs, signal: request.signal }, async () => {
      const response = await this.#fetch(address, request, signal);
      if (!response.ok) throw await refusalOf(address, response);
      return readBounded(response, request.maxAnswerBytes ?? MAX_JSON_ANSWER_BYTES);
    });
  }

  /** The open answer of an event stream; `signal` ends it. @throws as `json` */
  async stream(
    address: DomainAddress,
    request: DomainRequest,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>> {
    const { timeoutMs } = this.#options;
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), timeoutMs);
    const any = AbortSignal.any([signal, silence.signal, AbortSignal.timeout(STREAM_LIFETIME_MS)]);
    try {
      return await this.#guarded(address, { timeout: silence.signal, timeoutMs, signal }, async () => {
        const response = await this.#fetch(address, request, any);
        if (!response.ok) throw await refusalOf(address, response);
        if (response.body === null) throw unreadable(address);
        return response.body;
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async #fetch({ domain, url }: DomainAddress, request: DomainRequest, signal: AbortSignal): Promise<Response> {
    const { gatewayKey, clock, random } = this.#options;
    const target = `${url}${request.path}`;
    const body = request.binary ?? (request.json === undefined ? new Uint8Array() : utf8(JSON.stringify(request.json)));
    const signature = await signHttp({ method: request.method, url: target, body }, gatewayKey, { clock, random });
    const mediaType = request.binary === undefined ? "application/json" : BINARY_MEDIA_TYPE;
    const init: RequestInit = {
      method: request.method,
      signal,
      redirect: "error",
      headers: { ...request.headers, ...signature },
    };
    const sent: RequestInit =
      request.method === "GET"
        ? init
        : {
            ...init,
            headers: { ...request.headers, ...signature, "content-type": mediaType },
            body: new Uint8Array(body),
          };
    const response = await fetch(target, sent);
    const saidAt = Date.parse(response.headers.get("date") ?? "");
    // The header has whole seconds, cut off.
    if (!Number.isNaN(saidAt)) this.#clockSkews.set(domain, (saidAt + 500 - clock.now().getTime()) / 1_000);
    return response;
  }

  async #guarded<T>(
    { domain }: DomainAddress,
    limits: { timeout: AbortSignal; timeoutMs: number; signal: AbortSignal | undefined },
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (isSluiceError(cause)) throw cause;
      if (limits.signal?.aborted === true) throw new SluiceError("ERR_CANCELLED", {}, { cause });
      if (limits.timeout.aborted) throw new SluiceError("ERR_TIMEOUT", { timeoutMs: limits.timeoutMs }, { cause });
      throw new SluiceError("ERR_UNREACHABLE", { peer: `domain ${domain}` }, { cause });
    }
  }
}

async function refusalOf(address: DomainAddress, response: Response): Promise<SluiceError> {
  const bytes = await readBounded(response, MAX_JSON_BODY_BYTES);
  const isProblem = response.headers.get("content-type")?.startsWith(PROBLEM_MEDIA_TYPE) === true;
  const error = isProblem ? fromProblem(parseJson(bytes)) : null;
  if (error === null) return unreadable(address);
  const { refusedBy } = error;
  // A domain speaks for itself and for what runs inside it, never for the gateway or a client.
  const inside = refusedBy === "guard" || refusedBy === "sandbox" ? refusedBy : "domain";
  return new SluiceError(error.code, error.details, { refusedBy: inside });
}

function unreadable({ domain }: DomainAddress): SluiceError {
  return new SluiceError("ERR_UNREACHABLE", { peer: `domain ${domain}` });
}

function parseJson(bytes: Bytes): unknown {
  try {
    return JSON.parse(fromUtf8(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes });
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
