/** What a domain tells an operator about itself, read when it is asked for. Counts and sizes of its own tables; never a
 *  party, a product, a grant or a resource.
 *  @module */
import { join } from "node:path";
import { freeBytes, sizeOnDisk, type Sample } from "@sluice/evidence/observe";
import { hasKernels } from "@sluice/mpc/lookup/server";
import type { DomainContext } from "../serve/context.ts";
import { installWorkerMetrics } from "./metrics-workers.ts";

const DAY_MS = 86_400_000;
const RUN_STATES = ["submitted", "running", "completed", "failed"] as const;
/** The state's file and its write-ahead log. */
const STATE_FILES = ["state.sqlite", "state.sqlite-wal"] as const;

/** Adds the domain's gauges. */
export function installDomainMetrics(context: DomainContext): void {
  const { directory, clock, db, log, pools } = context;
  const { metrics } = context.observer;
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  const count = (sql: string): number => Number(db.prepare(sql).get()?.["count"] ?? 0);

  metrics.gauge("sluice_log_entries", "Entries of the evidence log", [], () => one(log.size));
  metrics.gauge("sluice_receipts_waiting", "Receipts that the evidence log does not hold yet", [], () =>
    one(count("SELECT count(*) AS count FROM answer WHERE log_index IS NULL")),
  );
  metrics.gauge("sluice_runs", "Runs by state", ["state"], () =>
    RUN_STATES.map((state) => ({
      labels: { state },
      value: Number(db.prepare("SELECT count(*) AS count FROM run WHERE state = ?").get(state)?.["count"] ?? 0),
    })),
  );
  metrics.gauge("sluice_grant_days_left", "Days to the earliest end of a grant in force", ["domain"], () => {
    const now = clock.now();
    const row = db
      .prepare(
        `SELECT min(document ->> '$.body.notAfter') AS earliest FROM grants
         WHERE document ->> '$.body.notAfter' > ? AND hash NOT IN (SELECT grant_hash FROM revocation)`,
      )
      .get(now.toISOString());
    const earliest = row?.["earliest"];
    if (typeof earliest !== "string") return [];
    return [{ labels: { domain: context.config.domain }, value: (Date.parse(earliest) - now.getTime()) / DAY_MS }];
  });
  metrics.gauge(
    "sluice_clock_behind_seconds",
    "How far the clock is behind the latest instant that was noted",
    [],
    () => {
      const latest = db.prepare("SELECT latest FROM clock").get()?.["latest"];
      return typeof latest === "string" ? one(Math.max(0, Date.parse(latest) - clock.now().getTime()) / 1_000) : [];
    },
  );
  metrics.gauge("sluice_lease_seconds_left", "Until the status lease ends and work is refused", [], () => {
    const leftMs = context.standing.leaseMs(clock.now());
    return leftMs === null ? [] : one(leftMs / 1_000);
  });
  metrics.gauge("sluice_work_refused", "1 when all work is refused for that reason", ["reason"], () => [
    { labels: { reason: "rolled-back" }, value: context.standing.rolledBack === null ? 0 : 1 },
    { labels: { reason: "not-witnessed" }, value: context.standing.isWitnessed ? 0 : 1 },
  ]);
  metrics.gauge("sluice_pool_threads", "Worker threads, by kind of work", ["kind"], () =>
    pools.load().map(({ kind, threads }) => ({ labels: { kind }, value: threads })),
  );
  metrics.gauge("sluice_pool_waiting", "Tasks that wait for a worker thread, by kind of work", ["kind"], () =>
    pools.load().map(({ kind, waiting }) => ({ labels: { kind }, value: waiting })),
  );
  metrics.gauge("sluice_lookup_kernels", "1 when lookups are answered by SIMD kernels, 0 when by plain code", [], () =>
    one(hasKernels() ? 1 : 0),
  );
  installWorkerMetrics(context);
  metrics.gauge("sluice_state_bytes", "Size of the state on disk", [], async () => {
    const sizes = await Promise.all(STATE_FILES.map((file) => sizeOnDisk(join(directory, file))));
    return one(sizes.reduce((sum, size) => sum + size, 0));
  });
  metrics.gauge("sluice_disk_free_bytes", "Bytes that this user may still write", [], async () =>
    one(await freeBytes(directory)),
  );
}
