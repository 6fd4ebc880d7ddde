/** What a domain tells an operator about the workers that answer its lookups. A worker is told by the address that the
 *  operator wrote into `domain.json`.
 *  @module */
import type { DomainContext } from "../serve/context.ts";

/** Adds their gauges; a domain without workers has none. */
export function installWorkerMetrics({
  workers,
  observer: { metrics },
}: Pick<DomainContext, "workers" | "observer">): void {
  const each = (value: (worker: ReturnType<typeof workers.load>["workers"][number]) => number) => () =>
    workers.load().workers.map((worker) => ({ labels: { worker: worker.url }, value: value(worker) }));
  const all = (value: (load: ReturnType<typeof workers.load>) => number) => () => {
    const load = workers.load();
    return load.workers.length === 0 ? [] : [{ labels: {}, value: value(load) }];
  };
  metrics.gauge(
    "sluice_worker_up",
    "1 when the worker answered last",
    ["worker"],
    each(({ up }) => (up ? 1 : 0)),
  );
  metrics.gauge(
    "sluice_worker_waiting",
    "Requests that wait for the worker",
    ["worker"],
    each(({ waiting }) => waiting),
  );
  metrics.gauge(
    "sluice_worker_failures_total",
    "Requests that the worker did not answer, or not as itself",
    ["worker"],
    each(({ failures }) => failures),
  );
  metrics.gauge(
    "sluice_worker_hedges_total",
    "Second requests because a worker was slow",
    [],
    all(({ hedges }) => hedges),
  );
  metrics.gauge(
    "sluice_worker_fallbacks_total",
    "Queries that the domain answered itself because its workers did not",
    [],
    all(({ fallbacks }) => fallbacks),
  );
}
