/** How domain and worker know one another's messages: HMAC-SHA-256 (RFC 2104) under a secret that both hold. A request's
 *  code covers method, path, session, nonce, deadline, length and digest of the body, so that a worker judges it before it
 *  reads the body; an answer's covers the request's code, so that it fits one request only.
 *  This hides nothing. Whoever listens sees what the worker sees; TLS in front of it is the operator's.
 *  @module */
import { createHmac, timingSafeEqual } from "node:crypto";
import { ByteWriter, fromHex, SluiceError, toHex, utf8, type Bytes } from "@sluice/protocol";
import { SecretBytes } from "../secret.ts";

/** Bytes of a session and of a nonce. */
export const SESSION_BYTES = 16;
/** Bytes of a digest, of a code and of a secret. */
export const DIGEST_BYTES = 32;
/** Longest time that a request may give a worker. */
export const MAX_DEADLINE_MS = 600_000;
/** Largest body that a request may announce. */
const MAX_LENGTH = 2 ** 32 - 1;
const MAX_PATH_BYTES = 255;
/** Before the domain knows the worker's session. */
export const NO_SESSION = "0".repeat(2 * SESSION_BYTES);

/** Header of an answer's code. */
export const ANSWER_CODE_HEADER = "sluice-worker-code";
const HEADERS = {
  session: "sluice-worker-session",
  nonce: "sluice-worker-nonce",
  deadlineMs: "sluice-worker-deadline-ms",
  length: "sluice-worker-length",
  digest: "sluice-worker-digest",
  code: "sluice-worker-code",
} as const;

/** What a request says of itself. Byte strings are hexadecimal. */
export interface RequestFacts {
  readonly method: string;
  readonly path: string;
  readonly session: string;
  /** Never twice in a session. */
  readonly nonce: string;
  /** Time that the domain waits from now on; the worker gives up by itself then. */
  readonly deadlineMs: number;
  /** Bytes of the body. */
  readonly length: number;
  /** SHA-256 of the body. */
  readonly digest: string;
}

/** The secret that one domain and one worker hold. */
export class WorkerSecret {
  readonly #bytes: SecretBytes;

  /** Takes ownership of 32 bytes. @throws ERR_KEY when there are more or fewer */
  constructor(bytes: Bytes) {
    if (bytes.length !== DIGEST_BYTES) throw new SluiceError("ERR_KEY", { reason: "a worker's secret has 32 bytes" });
    this.#bytes = new SecretBytes("WorkerSecret", bytes);
  }

  /** Code of a request, hexadecimal. */
  requestCode(facts: RequestFacts): string {
    // struct { opaque method<0..2^8-1>; opaque path<0..2^8-1>; opaque session[16]; opaque nonce[16];
    //          uint32 deadlineMs; uint32 length; opaque digest[32]; } RequestFacts;
    const covered = new ByteWriter()
      .opaque(utf8(facts.method), MAX_PATH_BYTES)
      .opaque(utf8(facts.path), MAX_PATH_BYTES)
      .fixed(fromHex(facts.session))
      .fixed(fromHex(facts.nonce))
      .uint(facts.deadlineMs, 4)
      .uint(facts.length, 4)
      .fixed(fromHex(facts.digest))
      .finish();
    return this.#code("sluice/worker/request/v1", covered);
  }

  /** Code of the answer to the request with `requestCode`, hexadecimal. */
  answerCode(answer: { readonly requestCode: string; readonly status: number; readonly digest: string }): string {
    // struct { opaque requestCode[32]; uint16 status; opaque digest[32]; } AnswerFacts;
    const covered = new ByteWriter()
      .fixed(fromHex(answer.requestCode))
      .uint(answer.status, 2)
      .fixed(fromHex(answer.digest))
      .finish();
    return this.#code("sluice/worker/answer/v1", covered);
  }

  #code(label: string, covered: Bytes): string {
    return createHmac("sha256", this.#bytes.reveal()).update(`${label}\0`).update(covered).digest("hex");
  }
}

/** Whether both codes are equal; the time tells nothing of where they differ. */
export function isSameCode(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(utf8(one), utf8(other));
}

/** Headers of a request. */
export function requestHeaders(facts: RequestFacts, code: string): Record<string, string> {
  return {
    [HEADERS.session]: facts.session,
    [HEADERS.nonce]: facts.nonce,
    [HEADERS.deadlineMs]: String(facts.deadlineMs),
    [HEADERS.length]: String(facts.length),
    [HEADERS.digest]: facts.digest,
    [HEADERS.code]: code,
  };
}

/** What the headers of a request say. @throws ERR_WORKER_AUTH when one is missing or malformed */
export function readRequestHeaders(
  request: Pick<RequestFacts, "method" | "path">,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): { facts: RequestFacts; code: string } {
  const take = (name: keyof typeof HEADERS, form: RegExp): string => {
    const value = headers[HEADERS[name]];
    if (typeof value !== "string" || !form.test(value)) throw notAuthentic(`header ${HEADERS[name]}`);
    return value;
  };
  const number = (name: "deadlineMs" | "length", max: number): number => {
    const value = Number(take(name, /^(?:0|[1-9]\d{0,9})$/));
    if (value > max) throw notAuthentic(`header ${HEADERS[name]}`);
    return value;
  };
  const facts = {
    ...request,
    session: take("session", /^[0-9a-f]{32}$/),
    nonce: take("nonce", /^[0-9a-f]{32}$/),
    deadlineMs: number("deadlineMs", MAX_DEADLINE_MS),
    length: number("length", MAX_LENGTH),
    digest: take("digest", /^[0-9a-f]{64}$/),
  };
  return { facts, code: take("code", /^[0-9a-f]{64}$/) };
}

/** A fresh nonce. */
export function newNonce(random: { bytes(length: number): Bytes }): string {
  return toHex(random.bytes(SESSION_BYTES));
}

/** The refusal of a message that was not made with the secret. */
export function notAuthentic(reason: string): SluiceError {
  return new SluiceError("ERR_WORKER_AUTH", { reason });
}
