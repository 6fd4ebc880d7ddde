/** Metrics that gateway and domain have in common, in a registry of their own: several servers may live in one process.
 *  Labels come from closed lists only: routes of the server, operations, codes of the catalogue. Nobody who sends a
 *  request can make a new one.
 *  @module */
import { Counter, Gauge, Histogram, Registry } from "@prometheus-io/client";
import type { Operation } from "@sluice/protocol";
import { ProcessGauges } from "./process-gauges.ts";
import type { ProcessLog } from "./process-log.ts";
import { VERSION } from "./version.ts";

/** Upper bounds of request durations: a status page answers in one, a build is taken in seconds. */
const DURATION_BUCKETS_S = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** An answer, in words of closed lists. */
export interface Answered {
  readonly method: string;
  readonly route: string | null;
  readonly status: number;
  readonly seconds: number;
  readonly code: string | undefined;
  readonly refusedBy: string | undefined;
  readonly operation: Operation | undefined;
}

/** One value with the values of its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Metrics of one server. */
export class ServerMetrics {
  readonly registry = new Registry();
  readonly #durations: Histogram<"method" | "route" | "status">;
  readonly #refusals: Counter<"code" | "refused_by">;
  readonly #operations: Counter<"operation" | "outcome">;
  readonly #process: ProcessGauges;
  readonly #reads: (() => Promise<void>)[] = [];

  /** `log` tells of the lines it lost. */
  constructor(log: ProcessLog) {
    const registers = [this.registry];
    this.#durations = new Histogram({
      name: "sluice_http_request_duration_seconds",
      help: "Time from the arrival of a request to the end of its answer; event streams are left out",
      labelNames: ["method", "route", "status"],
      buckets: DURATION_BUCKETS_S,
      registers,
    });
    this.#refusals = new Counter({
      name: "sluice_refusals_total",
      help: "Refused requests, by code of the catalogue and by who refused",
      labelNames: ["code", "refused_by"],
      registers,
    });
    this.#operations = new Counter({
      name: "sluice_operations_total",
      help: "Requests under an envelope with a verified delivery, by operation and outcome",
      labelNames: ["operation", "outcome"],
      registers,
    });
    this.#process = new ProcessGauges(this);
    this.gauge("sluice_build_info", "Always 1; version of Sluice and of Node", ["version", "node"], () => [
      { labels: { version: VERSION, node: process.versions.node }, value: 1 },
    ]);
    this.gauge("sluice_log_lines_lost", "Lines of the process log that the disk did not take", [], () => [
      { labels: {}, value: log.linesLost },
    ]);
  }

  /** Counts an answer. */
  answered({ method, route, status, seconds, code, refusedBy, operation }: Answered): void {
    if (route === null || !route.endsWith("/events")) {
      this.#durations.observe({ method, route: route ?? "unknown", status: String(status) }, seconds);
    }
    if (code !== undefined) this.#refusals.inc({ code, refused_by: refusedBy ?? "unknown" });
    if (operation !== undefined) this.#operations.inc({ operation, outcome: code === undefined ? "done" : "refused" });
  }

  /** A gauge that is read when it is asked for; no sample, no line. */
  gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly Sample[] | Promise<readonly Sample[]>,
  ): void {
    const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry] });
    this.#reads.push(async () => {
      // One source that fails costs its own lines only; that they are absent can be alerted on.
      const samples = await Promise.resolve()
        .then(read)
        .catch(() => []);
      gauge.reset();
      // Without labels a reset leaves a zero, which would be a statement.
      if (samples.length === 0 && labelNames.length === 0) gauge.remove();
      for (const { labels, value } of samples) gauge.set({ ...labels }, value);
    });
  }

  /** The text of Prometheus. */
  async text(): Promise<string> {
    for (const read of this.#reads) await read();
    return this.registry.metrics();
  }

  /** Stops measuring. */
  close(): void {
    this.#process.close();
    this.registry.clear();
  }
}
