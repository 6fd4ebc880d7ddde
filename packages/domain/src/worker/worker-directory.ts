/** Files of a worker: `worker.json`, its limits, and `worker.secret`, which its domain has too. Nothing else is ever written.
 *  @module */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError, type Random } from "@sluice/protocol";
import { z } from "zod";
import { DEFAULT_MAX_PARTITION_BYTES } from "./partition-store.ts";
import { createWorkerSecret } from "./worker-secret-file.ts";

const CONFIG = "worker.json";
const SECRET = "worker.secret";
/** Tasks that may wait for a thread. */
const DEFAULT_MAX_WORKER_QUEUE = 256;
const DEFAULT_THREADS = 2;

/** `worker.json`. */
export const WorkerConfig = z.strictObject({
  version: z.literal(1),
  /** Threads that answer. */
  threads: z.int().min(1).max(64).default(DEFAULT_THREADS),
  /** Tasks that may wait for one. */
  maxQueue: z.int().min(0).max(4_096).default(DEFAULT_MAX_WORKER_QUEUE),
  /** Memory for partitions. */
  maxPartitionBytes: z
    .int()
    .min(1_048_576)
    .max(2 ** 40)
    .default(DEFAULT_MAX_PARTITION_BYTES),
});
export type WorkerConfig = z.infer<typeof WorkerConfig>;

/** Where the worker of `directory` keeps its secret. */
export function workerSecretFile(directory: string): string {
  return join(directory, SECRET);
}

/** Makes a worker in `directory`, which must not hold one. @throws ERR_CONFLICT, ERR_DIRECTORY_UNWRITABLE */
export async function initWorker(directory: string, random: Random): Promise<{ readonly secretFile: string }> {
  const secretFile = workerSecretFile(directory);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await createWorkerSecret(secretFile, random);
    const config = WorkerConfig.parse({ version: 1 });
    await writeFile(join(directory, CONFIG), `${JSON.stringify(config, null, 2)}\n`, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") {
      throw new SluiceError("ERR_CONFLICT", { kind: "worker", name: directory }, { cause });
    }
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
  return { secretFile };
}

/** The limits of the worker of `directory`. @throws ERR_DIRECTORY_STATE */
export async function readWorkerConfig(directory: string): Promise<WorkerConfig> {
  try {
    return WorkerConfig.parse(JSON.parse(await readFile(join(directory, CONFIG), "utf8")));
  } catch (cause) {
    const command = `sluice worker init ${directory}`;
    throw new SluiceError("ERR_DIRECTORY_STATE", { directory, expected: "a worker", command }, { cause });
  }
}
