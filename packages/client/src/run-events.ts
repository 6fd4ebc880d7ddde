/** Events of a run as they happen (SSE), across lost connections: each reconnect names the last event seen,
 *  and a stream that stays silent is checked against the run itself.
 *  @module */
import { Run, RunEvent, utf8, type Random } from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { refusal, throwIfCancelled } from "./refusal.ts";
import { parseAs, parseJson } from "./response-body.ts";
import { backoffMs, isTransient, wait, withRetries } from "./retry.ts";
import { SseParser } from "./sse.ts";
import type { Transport } from "./transport.ts";

/** What following a run needs. */
export interface WatchContext {
  readonly transport: Transport;
  readonly retry: { readonly maxAttempts: number; readonly backoffMs: number; readonly random: Random };
  /** Silence after which a connection counts as lost, in milliseconds. */
  readonly timeoutMs: number;
}

/** How far the stream was followed. */
interface Progress {
  lastEventId: number;
  ended: boolean;
}

/** Follows run `callId` until it has completed or failed, and returns it. Each event is told once, in order.
 *  @throws ERR_CANCELLED, ERR_NOT_FOUND, ERR_UNREACHABLE when the run cannot be fetched either */
export async function watchRun(
  context: WatchContext,
  callId: string,
  onEvent: (event: RunEvent) => void,
  { signal }: CallOptions = {},
): Promise<Run> {
  const path = `/v1/runs/${encodeURIComponent(callId)}`;
  const progress: Progress = { lastEventId: 0, ended: false };
  for (let idle = 0; ; idle++) {
    const before = progress.lastEventId;
    await follow(context, path, progress, onEvent, signal);
    if (progress.lastEventId > before) idle = 0;
    const run = await withRetries(() => context.transport.json({ method: "GET", path, signal }, Run), {
      ...context.retry,
      signal,
    });
    if (progress.ended || run.state === "completed" || run.state === "failed") return run;
    await wait(backoffMs(idle + 1, context.retry), signal);
  }
}

/** Follows one connection until it ends, is lost, or told the end of the run. */
async function follow(
  context: WatchContext,
  path: string,
  progress: Progress,
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const silence = new AbortController();
  const either = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  const startTimer = (): ReturnType<typeof setTimeout> => setTimeout(() => silence.abort(), context.timeoutMs);
  let timer = startTimer();
  try {
    const headers = { accept: "text/event-stream", ...lastEventHeader(progress) };
    const response = await context.transport.stream({ method: "GET", path: `${path}/events`, headers, signal }, either);
    const parser = new SseParser();
    for await (const chunk of chunksOf(response)) {
      clearTimeout(timer);
      timer = startTimer();
      for (const event of parser.push(chunk)) tell(event, progress, onEvent);
      if (progress.ended) return;
    }
  } catch (error) {
    throwIfCancelled(signal);
    if (!isTransient(error)) throw error;
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** The chunks of a stream. @throws ERR_UNREACHABLE when it is cut, or silent for too long */
async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw refusal("ERR_UNREACHABLE", { peer: "the stream of the run's events" }, cause);
      });
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {}); // the connection is being given up
  }
}

function tell(sse: { id: string; data: string }, progress: Progress, onEvent: (event: RunEvent) => void): void {
  const id = Number(sse.id);
  if (!Number.isSafeInteger(id) || id < 1) {
    throw refusal("ERR_BODY_INVALID", { pointer: "/id", expected: "a number from 1" });
  }
  if (id <= progress.lastEventId) return;
  const event = parseAs(RunEvent, parseJson(utf8(sse.data)));
  progress.lastEventId = id;
  progress.ended = event.kind === "state" && (event.state === "completed" || event.state === "failed");
  onEvent(event);
}

function lastEventHeader({ lastEventId }: Progress): Record<string, string> {
  return lastEventId === 0 ? {} : { "last-event-id": String(lastEventId) };
}
