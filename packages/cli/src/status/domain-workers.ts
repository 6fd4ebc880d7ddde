/** The workers that answer lookups of a domain: their addresses from its configuration, and what its log last says of each. The log
 *  names a worker by the hash of its address.
 *  @module */
import { workerName, type DomainConfig } from "@sluice/domain";
import { logLines } from "./log-lines.ts";

/** One worker of `domain.json`. */
export interface WorkerOfDomain {
  readonly url: string;
  /** Partitions that it holds; null when the domain has not said so since it started. */
  readonly partitions: number | null;
  /** Whether it answered last; null likewise. */
  readonly up: boolean | null;
}

/** Reads the log of the domain in `directory`, in the order of the configuration. */
export async function readDomainWorkers(
  directory: string,
  { workers = [] }: Pick<DomainConfig, "workers">,
): Promise<WorkerOfDomain[]> {
  if (workers.length === 0) return [];
  const said = new Map<string, { readonly partitions: number; readonly up: boolean }>();
  for await (const { event } of logLines(directory, ["started", "worker"])) {
    if (event.event === "started") said.clear();
    if (event.event === "worker") said.set(event.worker, event);
  }
  const standings: WorkerOfDomain[] = [];
  for (const { url } of workers) {
    const { partitions = null, up = null } = said.get(await workerName(url)) ?? {};
    standings.push({ url, partitions, up });
  }
  return standings;
}
