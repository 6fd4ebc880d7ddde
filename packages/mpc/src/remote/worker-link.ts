/** The way to one worker on another machine. Every message carries a code (see `message-auth.ts`), and each request names the
 *  session that the worker opened at its start, so that nothing heard earlier can be played to it, and nothing it said
 *  earlier to the domain. A worker that cannot be reached, or whose answers are not its own, is left alone for a while.
 *  @module */
import { createHash } from "node:crypto";
import {
  BINARY_MEDIA_TYPE,
  fromProblem,
  fromUtf8,
  isSluiceError,
  SluiceError,
  toHex,
  type Bytes,
  type Random,
  type Sha256Hex,
} from "@sluice/protocol";
import { systemRandom } from "../random.ts";
import { readBounded } from "./bounded-answer.ts";
import {
  ANSWER_CODE_HEADER,
  isSameCode,
  newNonce,
  NO_SESSION,
  notAuthentic,
  requestHeaders,
  SESSION_BYTES,
  type WorkerSecret,
} from "./message-auth.ts";
import { decodeRemoteAnswer, encodeRemoteTask } from "./remote-tasks.ts";
import { decodeTaskAnswer, encodeTaskRequest, MAX_TASK_ANSWER_BYTES } from "./task-frame.ts";
import { systemTimers, type Timers } from "./timers.ts";

/** A worker that answers at all tells its session in that time. */
const SESSION_DEADLINE_MS = 5_000;
/** How much longer the domain waits than the worker, so that it hears the reason. */
const GRACE_MS = 1_000;
const MAX_SESSIONS_TRIED = 3;
const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
const MAX_SHORT_ANSWER_BYTES = 65_536;

/** How a worker is reached. */
export interface WorkerLinkOptions {
  /** Origin, without a path. */
  readonly url: string;
  readonly secret: WorkerSecret;
  readonly random?: Random;
  readonly timers?: Timers;
  readonly fetch?: typeof fetch;
}

/** What a request is given. */
export interface SendOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A body that is known before it is sent. */
export interface SentBody {
  readonly sizeBytes: number;
  readonly hash: Sha256Hex;
  /** The bytes, piece by piece. */
  chunks(): AsyncIterable<Bytes>;
}

/** One worker. */
export class WorkerLink {
  readonly url: string;
  readonly #secret: WorkerSecret;
  readonly #random: Random;
  readonly #timers: Timers;
  readonly #fetch: typeof fetch;
  #session: Promise<string> | undefined;
  #pauseMs = 0;
  #pausedUntilMs = 0;
  #isProbing = false;
  #waiting = 0;
  #failures = 0;

  constructor({ url, secret, random = systemRandom, timers = systemTimers, fetch: send = fetch }: WorkerLinkOptions) {
    this.url = url.replace(/\/+$/, "");
    this.#secret = secret;
    this.#random = random;
    this.#timers = timers;
    this.#fetch = send;
  }

  /** Whether the last message was answered, requests that wait for an answer, and failures so far. */
  load(): { readonly up: boolean; readonly waiting: number; readonly failures: number } {
    return { up: this.#pauseMs === 0, waiting: this.#waiting, failures: this.#failures };
  }

  /** Whether it may be asked. One that failed is tried in the background when its pause has ended. */
  isUsable(): boolean {
    if (this.#pauseMs === 0) return true;
    if (!this.#isProbing && this.#timers.nowMs() >= this.#pausedUntilMs) void this.probe();
    return false;
  }

  /** Asks for a session; true when the worker gave one. */
  async probe(): Promise<boolean> {
    this.#isProbing = true;
    try {
      this.#session = undefined;
      await this.#currentSession();
      this.#pauseMs = 0;
      return true;
    } catch {
      this.#noteFailure();
      return false;
    } finally {
      this.#isProbing = false;
    }
  }

  /** Runs one task of the closed list. @throws ERR_WORKER_TASK before anything is sent; ERR_UNREACHABLE, ERR_WORKER_AUTH,
   *  ERR_TIMEOUT, ERR_CANCELLED, ERR_POOL_FULL, ERR_POOL_WORKER, ERR_PARTITION_UNKNOWN, and what the task throws */
  async run(task: string, input: unknown, options: SendOptions): Promise<unknown> {
    const body = encodeTaskRequest(encodeRemoteTask(task, input));
    const answer = await this.#send("POST", "/v1/tasks", whole(body), options);
    return decodeRemoteAnswer(task, decodeTaskAnswer(answer));
  }

  /** Gives the worker a partition, which is named by its hash. @throws as `run`; ERR_BODY_DIGEST, ERR_FRAME_TOO_LARGE */
  async put(partition: SentBody, options: SendOptions): Promise<void> {
    await this.#send("PUT", `/v1/partitions/${partition.hash}`, partition, options);
  }

  /** Whether the worker has a partition; if not, it could take it. Asked first, because who refuses a body that is under way
   *  can only cut the connection. @throws as `run`; ERR_FRAME_TOO_LARGE */
  async holds({ hash, sizeBytes }: Pick<SentBody, "hash" | "sizeBytes">, options: SendOptions): Promise<boolean> {
    try {
      await this.#send("GET", `/v1/partitions/${hash}?bytes=${sizeBytes}`, whole(new Uint8Array(0)), options);
      return true;
    } catch (error) {
      if (isSluiceError(error, "ERR_PARTITION_UNKNOWN")) return false;
      throw error;
    }
  }

  /** Has the worker forget a partition. @throws as `run` */
  async drop(hash: Sha256Hex, options: SendOptions): Promise<void> {
    await this.#send("DELETE", `/v1/partitions/${hash}`, whole(new Uint8Array(0)), options);
  }

  /** Has the worker forget every partition, those that arrive at this moment too, and begin a session: nothing that was sent to
   *  it before counts afterwards. @throws as `run` */
  async clear(options: SendOptions): Promise<void> {
    await this.#send("DELETE", "/v1/partitions", whole(new Uint8Array(0)), options);
    this.#session = undefined;
  }

  async #send(method: string, path: string, body: SentBody, options: SendOptions): Promise<Bytes> {
    this.#waiting += 1;
    try {
      for (let tried = 1; ; tried++) {
        const opened = this.#currentSession();
        try {
          return await this.#exchange({ method, path, body, session: await opened, ...options });
        } catch (error) {
          if (!isSluiceError(error, ...ENDS_SESSION)) throw error;
          if (this.#session === opened) this.#session = undefined;
          if (error.code !== "ERR_WORKER_SESSION" || tried === MAX_SESSIONS_TRIED) throw error;
        }
      }
    } catch (error) {
      if (isSluiceError(error, "ERR_UNREACHABLE", "ERR_WORKER_AUTH", "ERR_TIMEOUT")) this.#noteFailure();
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** One for all requests: whoever comes first asks for it. */
  #currentSession(): Promise<string> {
    if (this.#session !== undefined) return this.#session;
    const opened = this.#openSession();
    this.#session = opened;
    opened.catch(() => {
      if (this.#session === opened) this.#session = undefined;
    });
    return opened;
  }

  async #openSession(): Promise<string> {
    const body = whole(new Uint8Array(0));
    const facts = { method: "GET", path: "/v1/session", session: NO_SESSION, deadlineMs: SESSION_DEADLINE_MS };
    const session = await this.#exchange({ ...facts, body });
    if (session.length !== SESSION_BYTES) throw notAuthentic("the session");
    return toHex(session);
  }

  async #exchange(request: Exchange): Promise<Bytes> {
    const { method, path, body, session, deadlineMs, signal } = request;
    const nonce = newNonce(this.#random);
    const facts = { method, path, session, nonce, deadlineMs, length: body.sizeBytes, digest: body.hash };
    const requestCode = this.#secret.requestCode(facts);
    const controller = new AbortController();
    const cancel = (): void => controller.abort(new SluiceError("ERR_CANCELLED"));
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted === true) cancel();
    const takeBack = this.#timers.after(deadlineMs + GRACE_MS, () =>
      controller.abort(new SluiceError("ERR_TIMEOUT", { timeoutMs: deadlineMs })),
    );
    try {
      const response = await this.#fetch(`${this.url}${path}`, {
        method,
        headers: {
          ...requestHeaders(facts, requestCode),
          ...(body.sizeBytes > 0 ? { "content-type": BINARY_MEDIA_TYPE } : {}),
        },
        redirect: "error",
        signal: controller.signal,
        ...(body.sizeBytes > 0 ? { body: ReadableStream.from(body.chunks()), duplex: "half" as const } : {}),
      });
      const isTask = response.ok && path === "/v1/tasks";
      const bytes = await readBounded(response, isTask ? MAX_TASK_ANSWER_BYTES : MAX_SHORT_ANSWER_BYTES);
      this.#judge(response, bytes, requestCode);
      return bytes;
    } catch (cause) {
      if (controller.signal.aborted) throw controller.signal.reason;
      if (isSluiceError(cause)) throw cause;
      throw new SluiceError("ERR_UNREACHABLE", { peer: this.url }, { cause });
    } finally {
      takeBack();
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** @throws ERR_WORKER_AUTH unless the worker answered this very request; what the worker refused with */
  #judge(response: Response, bytes: Bytes, requestCode: string): void {
    const digest = createHash("sha256").update(bytes).digest("hex");
    const expected = this.#secret.answerCode({ requestCode, status: response.status, digest });
    if (!isSameCode(response.headers.get(ANSWER_CODE_HEADER) ?? "", expected)) throw notAuthentic("the answer's code");
    if (!response.ok) throw problemOf(bytes) ?? notAuthentic("a refusal without a problem");
  }

  #noteFailure(): void {
    this.#failures += 1;
    this.#pauseMs = Math.min(Math.max(MIN_PAUSE_MS, this.#pauseMs * 2), MAX_PAUSE_MS);
    this.#pausedUntilMs = this.#timers.nowMs() + this.#pauseMs;
  }
}

/** After these the worker may be another process than before. */
const ENDS_SESSION = ["ERR_WORKER_SESSION", "ERR_UNREACHABLE", "ERR_WORKER_AUTH", "ERR_TIMEOUT"] as const;

interface Exchange extends SendOptions {
  readonly method: string;
  readonly path: string;
  readonly body: SentBody;
  readonly session: string;
}

function whole(bytes: Bytes): SentBody {
  const hash = createHash("sha256").update(bytes).digest("hex");
  return { sizeBytes: bytes.length, hash, chunks: () => only(bytes) };
}

async function* only(bytes: Bytes): AsyncGenerator<Bytes> {
  yield bytes;
}

function problemOf(bytes: Bytes): SluiceError | null {
  try {
    return fromProblem(JSON.parse(fromUtf8(bytes)));
  } catch {
    return null;
  }
}
