/** The workers that `domain.json` names: each with its address and the file of the secret that both hold.
 *  @module */
import { isAbsolute, join } from "node:path";
import { systemTimers, WorkerLink } from "@sluice/mpc/remote/client";
import type { Random } from "@sluice/protocol";
import type { DomainConfig } from "../config.ts";
import { readWorkerSecret } from "../worker/worker-secret-file.ts";
import { LookupWorkers, type LookupWorkersOptions } from "./lookup-workers.ts";

/** Opens them; nothing is sent before the first query. A path of a secret is taken from the domain's directory.
 *  @throws ERR_KEY when a secret cannot be read, or others than its owner can */
export async function openLookupWorkers(
  directory: string,
  { workers = [] }: Pick<DomainConfig, "workers">,
  { random, onFault }: Pick<LookupWorkersOptions, "onFault"> & { readonly random: Random },
): Promise<LookupWorkers> {
  const links: WorkerLink[] = [];
  for (const { url, secretFile } of workers) {
    const file = isAbsolute(secretFile) ? secretFile : join(directory, secretFile);
    links.push(new WorkerLink({ url, secret: await readWorkerSecret(file), random }));
  }
  return new LookupWorkers({ workers: links, timers: systemTimers, onFault });
}
