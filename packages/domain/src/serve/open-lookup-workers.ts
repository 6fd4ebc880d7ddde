/** The workers that `domain.json` names: each with its address and the file of the secret that both hold.
 *  @module */
import { isAbsolute, join } from "node:path";
import { systemTimers, WorkerLink } from "@sluice/mpc/remote/client";
import { sha256Hex, utf8, type Random, type Sha256Hex } from "@sluice/protocol";
import type { DomainConfig } from "../config.ts";
import { readWorkerSecret } from "../worker/worker-secret-file.ts";
import { LookupWorkers, type LookupWorkersOptions } from "./lookup-workers.ts";
import type { WorkerStanding } from "./worker-standings.ts";

/** What a log calls the worker at `url`, since logs hold no address. */
export function workerName(url: string): Promise<Sha256Hex> {
  return sha256Hex(utf8(url.replace(/\/+$/, "")));
}

/** What a log says of a worker. */
export interface NamedStanding extends Omit<WorkerStanding, "url"> {
  /** `workerName` of its address. */
  readonly worker: Sha256Hex;
}

/** Opens them; each is told to forget what it was sent before, and gets nothing else until the first query. A path of a secret is taken from the domain's directory.
 *  @throws ERR_KEY when a secret cannot be read, or others than its owner can */
export async function openLookupWorkers(
  directory: string,
  { workers = [] }: Pick<DomainConfig, "workers">,
  {
    random,
    onFault,
    onStanding,
  }: Pick<LookupWorkersOptions, "onFault"> & {
    readonly random: Random;
    readonly onStanding?: (standing: NamedStanding) => void;
  },
): Promise<LookupWorkers> {
  const links: WorkerLink[] = [];
  const names = new Map<string, Sha256Hex>();
  for (const { url, secretFile } of workers) {
    const file = isAbsolute(secretFile) ? secretFile : join(directory, secretFile);
    const link = new WorkerLink({ url, secret: await readWorkerSecret(file), random });
    links.push(link);
    names.set(link.url, await workerName(url));
  }
  const tell = ({ url, partitions, up }: WorkerStanding): void => {
    const worker = names.get(url);
    if (worker !== undefined) onStanding?.({ worker, partitions, up });
  };
  return new LookupWorkers({ workers: links, timers: systemTimers, onFault, onStanding: tell });
}
