/** A role that runs on a thread of its own, so that its long steps keep nothing else waiting. The thread ends with it.
 *  @module */
import { SluiceError, type Bytes, type Session, type SessionStep } from "@sluice/protocol";
import { Worker } from "node:worker_threads";
import { withoutMessage } from "../tasks.ts";
import type { RoleReply, RoleRequest, RoleToMake } from "./session-thread.ts";

/** How a role's thread is made. */
export interface ThreadedOptions extends RoleToMake {
  /** File that calls `serveRoles`. */
  readonly workerFile: URL;
  /** Buffers of the input that are handed over instead of copied. */
  readonly transfer?: ArrayBuffer[];
  /** Heap of the thread, without the buffers it holds; Node's own limit unless given. */
  readonly heapLimitBytes?: number;
}

/** A role on its thread. */
export interface ThreadedRole {
  readonly role: Session;
  /** Ends the thread, also in the middle of a step, which then throws ERR_CANCELLED. */
  readonly close: () => Promise<void>;
}

/** Starts the thread and makes the role. @throws ERR_POOL_WORKER when the thread does not begin, ERR_CANCELLED, and what making the role throws */
export async function threadedRole(
  { workerFile, role, input, transfer = [], heapLimitBytes }: ThreadedOptions,
  signal: AbortSignal,
): Promise<ThreadedRole> {
  if (signal.aborted) throw new SluiceError("ERR_CANCELLED");
  const worker = new Worker(workerFile, {
    workerData: { role, input } satisfies RoleToMake,
    transferList: transfer,
    ...(heapLimitBytes === undefined
      ? {}
      : { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapLimitBytes / 2 ** 20) } }),
  });
  const thread = new RoleThread(worker, role);
  const onAbort = (): void => void thread.terminate();
  signal.addEventListener("abort", onAbort, { once: true });
  const close = async (): Promise<void> => {
    signal.removeEventListener("abort", onAbort);
    await thread.terminate();
  };
  try {
    await thread.made;
  } catch (error) {
    await close();
    throw error;
  }
  return { role: thread, close };
}

class RoleThread implements Session {
  readonly made: Promise<unknown>;
  readonly #worker: Worker;
  readonly #role: string;
  #asked: PromiseWithResolvers<unknown> | null = null;
  #ended: Error | null = null;

  constructor(worker: Worker, role: string) {
    this.#worker = worker;
    this.#role = role;
    this.made = this.#reply();
    worker.on("message", (reply: RoleReply) => this.#hear(reply));
    worker.on("error", (error) => this.#end(this.#died(error)));
    worker.on("exit", () => this.#end(this.#died()));
  }

  async step(frame?: Bytes): Promise<SessionStep> {
    return (await this.#ask(frame === undefined ? {} : { frame })) as SessionStep;
  }

  async terminate(): Promise<void> {
    this.#end(new SluiceError("ERR_CANCELLED"));
    await this.#worker.terminate();
  }

  async #ask(request: RoleRequest): Promise<unknown> {
    if (this.#ended !== null) throw this.#ended;
    if (this.#asked !== null) throw new TypeError("a role takes one step at a time");
    const reply = this.#reply();
    this.#worker.postMessage(request);
    return await reply;
  }

  #reply(): Promise<unknown> {
    this.#asked = Promise.withResolvers<unknown>();
    return this.#asked.promise;
  }

  #hear(reply: RoleReply): void {
    const asked = this.#asked;
    this.#asked = null;
    if (reply.ok) asked?.resolve(reply.value);
    else asked?.reject(new SluiceError(reply.code, reply.details, { cause: withoutMessage(reply) }));
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    this.#asked?.reject(this.#ended);
    this.#asked = null;
  }

  #died(cause?: unknown): SluiceError {
    return new SluiceError(
      "ERR_POOL_WORKER",
      { task: this.#role },
      cause === undefined ? {} : { cause: withoutMessage(cause) },
    );
  }
}
