/** A helper process of the domain: started on first use, started again after it died, asked through messages.
 *  Killing it, or its death at any point, fails the questions that wait, and nothing else.
 *  @module */
import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Bytes } from "@sluice/protocol";
import type { Message } from "./message-parser.ts";
import { readMessages, writeMessage } from "./messages.ts";

/** How to start a helper. */
export interface HelperOptions {
  /** Module that the process runs. */
  readonly module: URL;
  /** Flags of Node, before the module. */
  readonly nodeFlags?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Largest message that is read from it. */
  readonly maxAnswerBytes: number;
}

/** The helper, as one who is asked back by it sees it. */
export interface Peer {
  /** Sends it something beside the question. */
  readonly send: (head: unknown, parts?: readonly Bytes[]) => void;
  /** Its process id; undefined when it has ended, and another process may have that number. */
  readonly pid: () => number | undefined;
}

/** One question: messages that come for it, until it says `true` or the process ends. */
type Listener = { readonly onMessage: (message: Message) => void; readonly onEnd: () => void };

interface Running {
  readonly child: ChildProcess;
  readonly input: Writable;
  readonly listeners: Map<number, Listener>;
}

/** A helper process, or the means to start it. */
export class HelperProcess {
  readonly #options: HelperOptions;
  #running: Running | undefined;
  #nextId = 1;
  #closed = false;

  constructor(options: HelperOptions) {
    this.#options = options;
  }

  /** Process id while one runs. */
  get pid(): number | undefined {
    return this.#live()?.child.pid;
  }

  /** Sends a question and hands on every answer to it, until `accept` returns something, which is then the result.
   *  Resolves `null` when the process ended, sent what `accept` threw on, or was killed. */
  async ask<T>(question: {
    readonly head: (id: number) => unknown;
    readonly parts: readonly Bytes[];
    readonly accept: (message: Message, peer: Peer) => T | undefined;
    /** Sent when `signal` fires. The answer is still waited for. */
    readonly cancel?: ((id: number) => unknown) | undefined;
    readonly signal?: AbortSignal | undefined;
    /** The process is killed when no answer has come by then. */
    readonly timeoutMs: number;
  }): Promise<T | null> {
    if (this.#closed) return null;
    const running = this.#live() ?? this.#start();
    this.#running = running;
    const id = this.#nextId++;
    const send = (head: unknown, parts: readonly Bytes[] = []): void => {
      writeMessage(running.input, head, parts).catch(() => running.child.kill("SIGKILL"));
    };
    const livePid = (): number | undefined => (isLive(running.child) ? running.child.pid : undefined);
    const cancel = (): void => {
      if (question.cancel !== undefined) send(question.cancel(id));
    };
    const timer = setTimeout(() => running.child.kill("SIGKILL"), question.timeoutMs);
    try {
      return await new Promise<T | null>((resolve) => {
        const onMessage = (message: Message): void => {
          try {
            const result = question.accept(message, { send, pid: livePid });
            if (result !== undefined) resolve(result);
          } catch {
            // It does not speak the protocol: nothing more is believed of it.
            running.child.kill("SIGKILL");
          }
        };
        running.listeners.set(id, { onMessage, onEnd: () => resolve(null) });
        send(question.head(id), question.parts);
        question.signal?.addEventListener("abort", cancel);
        if (question.signal?.aborted === true) cancel();
      });
    } finally {
      clearTimeout(timer);
      question.signal?.removeEventListener("abort", cancel);
      running.listeners.delete(id);
    }
  }

  /** Ends the process; questions that wait get `null`. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#running;
    if (running === undefined) return;
    const ended = new Promise<void>((resolve) => running.child.once("close", () => resolve()));
    running.input.end();
    const timer = setTimeout(() => running.child.kill("SIGKILL"), CLOSE_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  /** The process, unless it has ended; its last answers may still be on their way. */
  #live(): Running | undefined {
    const child = this.#running?.child;
    return child !== undefined && isLive(child) ? this.#running : undefined;
  }

  #start(): Running {
    const { module, nodeFlags = [], args = [], env = {} } = this.#options;
    const child = spawn(process.execPath, [...nodeFlags, fileURLToPath(module), ...args], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      env: { ...env },
    });
    const running: Running = { child, input: child.stdio[3] as Writable, listeners: new Map() };
    const end = (): void => {
      if (this.#running === running) this.#running = undefined;
      for (const listener of running.listeners.values()) listener.onEnd();
    };
    running.input.on("error", () => child.kill("SIGKILL"));
    child.once("error", end);
    child.once("close", end);
    void this.#read(running, child.stdio[4] as Readable);
    return running;
  }

  async #read(running: Running, output: Readable): Promise<void> {
    try {
      for await (const message of readMessages(output, this.#options.maxAnswerBytes)) {
        const id = (message.head as { id?: unknown } | null)?.id;
        if (typeof id === "number") running.listeners.get(id)?.onMessage(message);
      }
    } catch {
      running.child.kill("SIGKILL");
    }
  }
}

function isLive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Time a helper has to end by itself. */
const CLOSE_TIMEOUT_MS = 5_000;
