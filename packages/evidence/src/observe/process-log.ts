/** The log of one process: events in, JSON lines out. An event that does not fit the schema is not written; that it was
 *  tried is.
 *  @module */
import type { Clock } from "@sluice/protocol";
import { CappedFile } from "./capped-file.ts";
import { LogEvent, type LogLine } from "./log-event.ts";
import { VERSION } from "./version.ts";

/** Who writes a log. */
export interface LogOwner {
  readonly service: LogLine["service"];
  /** Name of the domain. */
  readonly domain?: string;
  readonly clock: Clock;
}

/** Where a server listens. */
export interface StartedServer {
  readonly address: string;
  readonly metricsPort?: number | undefined;
  /** Isolation layers without which a domain runs no job. */
  readonly requiredLayers?: readonly string[] | undefined;
}

/** Takes the lines of a log; a program that embeds a server may give its own. */
export interface LineSink {
  write(line: string): void;
  readonly linesLost?: number;
  close?(): void;
}

/** Writes events of one process. */
export class ProcessLog {
  readonly #sink: LineSink;
  readonly #owner: LogOwner;

  /** `sink` is a file's name, or takes the lines. */
  constructor(sink: string | LineSink, owner: LogOwner) {
    this.#sink = typeof sink === "string" ? new CappedFile(sink) : sink;
    this.#owner = owner;
  }

  /** Lines that could not be written. */
  get linesLost(): number {
    return this.#sink.linesLost ?? 0;
  }

  /** Writes one line. Never throws. */
  write(given: LogEvent): void {
    const parsed = LogEvent.safeParse(given);
    const event: LogEvent = parsed.success ? parsed.data : { event: "fault", fault: "LogEvent", frames: [] };
    const { service, domain, clock } = this.#owner;
    const head = { time: clock.now().toISOString(), level: levelOf(event), service };
    this.#sink.write(JSON.stringify({ ...head, ...(domain === undefined ? {} : { domain }), ...event }));
  }

  /** Notes an unexpected error: its class and its places in the code. Its message may quote a value and is left out. */
  fault(error: unknown, reference?: string): void {
    const noted = reference === undefined ? {} : { reference };
    this.write({ event: "fault", fault: faultName(error), ...noted, frames: framesOf(error) });
  }

  /** Notes that the server listens. */
  started({ address, metricsPort, requiredLayers }: StartedServer): void {
    this.write({
      event: "started",
      version: VERSION,
      node: process.versions.node,
      address,
      ...(metricsPort === undefined ? {} : { metricsPort }),
      ...(requiredLayers === undefined ? {} : { requiredLayers: [...requiredLayers] }),
    });
  }

  /** Closes the file. */
  close(): void {
    this.#sink.close?.();
  }
}

const MAX_FRAMES = 8;
const MAX_FRAME_CHARS = 300;

function levelOf(event: LogEvent): LogLine["level"] {
  if (event.event === "fault") return "error";
  if (event.event === "grant-revoked") return "warn";
  if (event.event === "anchor") return event.state === "failed" ? "warn" : "info";
  if (event.event === "worker") return event.up ? "info" : "warn";
  if (event.event === "party") return event.status === "suspended" ? "warn" : "info";
  if (event.event !== "request") return "info";
  if (event.code === "ERR_CLOCK") return "warn";
  return event.status >= 500 ? "error" : "info";
}

function faultName(error: unknown): string {
  return error instanceof Error && /^\w{1,64}$/.test(error.name) ? error.name : "unknown";
}

/** Lines of the stack below the message, which may itself hold lines that look like them. */
function framesOf(error: unknown): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  const at = error.message === "" ? 0 : error.stack.indexOf(error.message);
  if (at < 0) return [];
  const frames = error.stack.slice(at + error.message.length).split("\n");
  return frames
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "))
    .slice(0, MAX_FRAMES)
    .map((line) => line.slice(0, MAX_FRAME_CHARS));
}
