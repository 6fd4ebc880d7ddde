/** One child, from start to kill. The parent owns the clock and believes nothing that the child says beyond
 *  the shape of its frames.
 *  @module */
import {
  MAX_JOB_OUTPUT_BYTES,
  MAX_LOG_LINES,
  MAX_LOG_LINE_CHARS,
  MAX_METRIC_EVENTS,
  MemberName,
  SluiceError,
  isSluiceError,
  type Bytes,
  type ErrorCode,
  type JobEvent,
  type RunOutcome,
  type SealedJob,
} from "@sluice/protocol";
import { z } from "zod";
import type { Batches } from "./batches.ts";
import { FrameReader, METRIC_VALUE_BYTES, type Frame } from "./frames.ts";
import type { ReadyChild } from "./start-child.ts";

/** Steps in which a production run tells its progress, in percent. */
const PRODUCTION_PROGRESS_STEP = 5;
/** What a production run says of an error that the job chose: nothing. */
const REASON_KEPT_INSIDE = "the reason stays inside the domain in production";

/** A child and what to send it. */
export interface SuperviseOptions {
  readonly child: ReadyChild;
  /** Written to the child's stdin when it is known, which then stays open until the end. */
  readonly input: readonly Bytes[] | Promise<readonly Bytes[]>;
  readonly environment: SealedJob["environment"];
  readonly limits: SealedJob["limits"];
  /** Layers of the wrappers; `permission` is added when the child proves it. */
  readonly layers: readonly string[];
  /** Resolves when these bytes of `input` are whole; without it, they are. */
  readonly arrived?: (bytes: Bytes) => Promise<void>;
  /** What the child may ask for, one at a time; without it, nothing. */
  readonly batches?: Batches | undefined;
  /** Has such a batch written past this process; resolves when it was. Undefined when there is none of that number. */
  readonly sendBatch?: ((index: number) => Promise<void> | undefined) | undefined;
  /** When the run was asked for, by `performance.now()`; now unless given. */
  readonly startedAt?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: JobEvent) => void;
}

/** Batches that a child may have asked for and not read: it asks for one at a time, and may have read it to the end before
 *  this process hears that it was taken. */
const MAX_UNREAD_WANTS = 2;
/** Written after others to hear when those were taken. */
const NOTHING = new Uint8Array(0);

const CAPABILITIES = [
  "process",
  "module",
  "file",
  "network",
  "timer",
  "clock",
  "random",
  "webassembly",
  "shared-memory",
] as const;

/** Body of a failure frame. */
const Failure = z.strictObject({
  failure: z.enum(["threw", "capability", "memory", "too-large", "crashed"]),
  text: z.string().max(MAX_LOG_LINE_CHARS),
});

type Ending = { ok: true; output: Bytes } | { ok: false; code: ErrorCode; details: Record<string, string | number> };

/** Codes that say that no child was started: outcomes of the run, not faults of the caller. */
const NOT_STARTED = ["ERR_SANDBOX_START", "ERR_SANDBOX_LAYER_MISSING", "ERR_CANCELLED"] as const;

/** Claims a child and runs it to its end. Never rejects because none could be started. */
export async function superviseClaimed(
  claim: () => Promise<ReadyChild>,
  optionsFor: (child: ReadyChild) => Omit<SuperviseOptions, "child" | "startedAt">,
): Promise<RunOutcome> {
  const startedAt = performance.now();
  try {
    const child = await claim();
    return await supervise({ ...optionsFor(child), child, startedAt });
  } catch (error) {
    const code = NOT_STARTED.find((known) => isSluiceError(error, known));
    if (code === undefined || !(error instanceof SluiceError)) throw error;
    const wallMs = Math.round(performance.now() - startedAt);
    return { ok: false, code, details: { ...error.details }, layers: [], wallMs };
  }
}

/** Runs one child to its end; resolves when the process is gone. Never rejects for what the child does. */
export async function supervise(options: SuperviseOptions): Promise<RunOutcome> {
  const { limits, environment, signal, onEvent } = options;
  const { wallTimeLimitMs } = limits;
  const { process: child, exited, closed, ended, permission } = options.child;
  const startedAt = options.startedAt ?? performance.now();
  const layers = [...options.layers];
  if (permission) layers.splice(2, 0, "permission");
  let ending: Ending | undefined;

  // The first ending counts; what the child writes afterwards is not read.
  function end(how: Ending): void {
    ending ??= how;
    child.stdout.destroy();
    child.stdin.destroy();
    child.kill("SIGKILL");
  }
  const timeout = (): void => end({ ok: false, code: "ERR_JOB_TIMEOUT", details: { wallTimeLimitMs } });
  const cancel = (): void => end({ ok: false, code: "ERR_CANCELLED", details: {} });

  async function feed(parts: SuperviseOptions["input"]): Promise<void> {
    for (const part of await parts) {
      if (options.arrived !== undefined) await options.arrived(part);
      if (ending !== undefined) return;
      child.stdin.write(part);
    }
  }

  // Nothing is written between the parts of another answer, and while the child does not read, nothing more is kept for it.
  let fed = Promise.resolve();
  let unread = 0;
  function answer(want: Bytes): void {
    const index = want.length === 4 ? new DataView(want.buffer, want.byteOffset).getUint32(0) : -1;
    if (++unread > MAX_UNREAD_WANTS) return end(crashed);
    fed = give(fed, index);
  }
  async function give(before: Promise<void>, index: number): Promise<void> {
    await before;
    if (ending !== undefined) return;
    const parts = options.batches?.parts(index);
    const sent = parts === undefined ? options.sendBatch?.(index) : feed(parts);
    if (sent === undefined) return end(crashed);
    await sent;
    if (ending === undefined && parts !== undefined) {
      await new Promise<void>((resolve) => child.stdin.write(NOTHING, () => resolve()));
    }
    unread--;
  }

  const tell = eventFilter(environment, onEvent);
  function accept(frame: Frame): void {
    switch (frame.kind) {
      case "ready":
        return end(crashed);
      case "progress":
        return tell({ kind: "progress", percent: frame.body[0] ?? 0 });
      case "log":
        return tell({ kind: "log", line: new TextDecoder().decode(frame.body) });
      case "metric":
        return tell(metricOf(frame.body));
      case "want":
        return answer(frame.body);
      case "result":
        return end({ ok: true, output: frame.body });
      case "failure":
        return end(failure(frame.body, options));
    }
  }

  const reader = new FrameReader();
  child.stdout.on("data", (chunk: Uint8Array) => {
    if (ending !== undefined) return;
    try {
      for (const frame of reader.push(chunk)) {
        accept(frame);
        if (ending !== undefined) return;
      }
    } catch {
      end(crashed);
    }
  });
  const timer = setTimeout(timeout, wallTimeLimitMs);
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted === true) cancel();
  else fed = feed(options.input).catch(() => end(crashed));
  child.stdout.resume();
  // What was written before the exit is still in the pipe.
  await exited;
  if (ending === undefined) await closed;
  // A child that the kernel ended cannot say why.
  if (ending === undefined && (await ended).outOfMemory) ending = outOfMemory(limits);
  clearTimeout(timer);
  signal?.removeEventListener("abort", cancel);
  return { ...(ending ?? crashed), layers, wallMs: Math.round(performance.now() - startedAt) };
}

const crashed: Ending = { ok: false, code: "ERR_JOB_CRASHED", details: {} };

function outOfMemory({ memoryLimitBytes }: SuperviseOptions["limits"]): Ending {
  return { ok: false, code: "ERR_JOB_MEMORY", details: { memoryLimitBytes } };
}

/** What the parent says of a failure that the child reported: closed words, and in development one line. */
function failure(body: Bytes, { environment, limits }: SuperviseOptions): Ending {
  const parsed = Failure.safeParse(parseJson(body));
  if (!parsed.success) return crashed;
  const { failure: kind, text } = parsed.data;
  switch (kind) {
    case "threw": {
      const reason = environment === "development" ? printable(text) : REASON_KEPT_INSIDE;
      return { ok: false, code: "ERR_JOB_THREW", details: { reason } };
    }
    case "capability": {
      const capability = CAPABILITIES.find((name) => name === text) ?? "module";
      return { ok: false, code: "ERR_JOB_CAPABILITY", details: { capability } };
    }
    case "memory":
      return outOfMemory(limits);
    case "too-large":
      return { ok: false, code: "ERR_JOB_OUTPUT_TOO_LARGE", details: { maxBytes: MAX_JOB_OUTPUT_BYTES } };
    case "crashed":
      return crashed;
  }
}

function parseJson(body: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

/** Lets through what the environment allows: monotone progress, and log lines and metrics of development runs. */
function eventFilter(environment: SealedJob["environment"], onEvent: SuperviseOptions["onEvent"]) {
  let lines = 0;
  let metrics = 0;
  let lastPercent = -1;
  const step = environment === "production" ? PRODUCTION_PROGRESS_STEP : 1;
  return (event: JobEvent): void => {
    if (event.kind === "log") {
      if (environment !== "development" || lines >= MAX_LOG_LINES) return;
      lines++;
      onEvent?.({ kind: "log", line: printable(event.line) });
      return;
    }
    if (event.kind === "metric") {
      const isMetric = MemberName.safeParse(event.name).success && Number.isFinite(event.value);
      if (environment !== "development" || metrics >= MAX_METRIC_EVENTS || !isMetric) return;
      metrics++;
      onEvent?.(event);
      return;
    }
    const percent = Math.floor(Math.min(event.percent, 100) / step) * step;
    if (percent <= lastPercent) return;
    lastPercent = percent;
    onEvent?.({ kind: "progress", percent });
  };
}

// struct { double value; opaque name[]; } Metric;
function metricOf(body: Bytes): JobEvent {
  const name = new TextDecoder().decode(body.subarray(METRIC_VALUE_BYTES));
  const isWhole = body.length > METRIC_VALUE_BYTES;
  const value = isWhole ? new DataView(body.buffer, body.byteOffset, body.byteLength).getFloat64(0) : Number.NaN;
  return { kind: "metric", name, value };
}

/** One line without control, format (bidirectional, zero-width) or separator characters. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, " ").slice(0, MAX_LOG_LINE_CHARS);
}
