/** What the process itself uses. Names as in every Prometheus client; measured without anything global.
 *  @module */
import { readdirSync } from "node:fs";
import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";
import type { ServerMetrics } from "./server-metrics.ts";

const RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;

/** Gauges of the process. */
export class ProcessGauges {
  readonly #lag: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor(metrics: ServerMetrics) {
    this.#lag.enable();
    const one = (value: number) => [{ labels: {}, value }];
    const startedAt = Date.now() / 1_000 - process.uptime();
    metrics.gauge("process_start_time_seconds", "Start of the process, seconds since 1970", [], () => one(startedAt));
    metrics.gauge("process_cpu_seconds_total", "CPU time of the process, user and system", [], () => {
      const { user, system } = process.cpuUsage();
      return one((user + system) / 1e6);
    });
    metrics.gauge("process_resident_memory_bytes", "Memory of the process in RAM", [], () =>
      one(process.memoryUsage.rss()),
    );
    metrics.gauge("nodejs_heap_size_used_bytes", "Heap in use", [], () => one(process.memoryUsage().heapUsed));
    metrics.gauge("nodejs_external_memory_bytes", "Memory of buffers outside the heap", [], () =>
      one(process.memoryUsage().external),
    );
    metrics.gauge("process_open_fds", "Open file descriptors, where the system tells", [], () => {
      try {
        return one(readdirSync("/proc/self/fd").length);
      } catch {
        return [];
      }
    });
    metrics.gauge(
      "nodejs_eventloop_lag_p99_seconds",
      "Lag of the event loop since the last scrape, 99th percentile",
      [],
      () =>
        one(this.#lag.count === 0 ? 0 : Math.max(0, this.#lag.percentile(99) / NANOSECONDS - RESOLUTION_MS / 1_000)),
    );
    metrics.gauge(
      "nodejs_eventloop_lag_max_seconds",
      "Lag of the event loop since the last scrape, longest",
      [],
      () => {
        const longest = this.#lag.count === 0 ? 0 : Math.max(0, this.#lag.max / NANOSECONDS - RESOLUTION_MS / 1_000);
        this.#lag.reset();
        return one(longest);
      },
    );
  }

  /** Stops measuring the event loop. */
  close(): void {
    this.#lag.disable();
  }
}
