/** The tasks that may leave a domain's machine: this list is closed. A worker on another machine gets encrypted records and
 *  LWE ciphertexts. It never gets an OPRF key, a list or a table: `oprf.evaluate`, `psi.…`, `score.…` and `lookup.build` have no
 *  form on the wire, and a worker has no code for them.
 *  @module */
import { bytesOfWords, fromHex, SluiceError, wordsOfBytes, type Bytes, type Sha256Hex } from "@sluice/protocol";
import type { TaskRequest } from "./task-frame.ts";

/** Input of `pir.partition`: one query against one partition; the result is one word for each of its columns. */
export interface PartitionTask {
  /** Hash of the partition. */
  readonly partition: Sha256Hex;
  /** LWE ciphertext, one word for each row. */
  readonly query: Uint32Array;
}

/** How one task crosses. Each may be computed twice, by two workers or by one, without a difference: a task that could not
 *  has no place here, because any may be sent again. */
interface RemoteTask<Input, Result> {
  readonly idempotent: true;
  encode(input: Input): Omit<TaskRequest, "task">;
  decode(parts: readonly Bytes[]): Result;
}

const pirPartition: RemoteTask<PartitionTask, Uint32Array> = {
  idempotent: true,
  encode: ({ partition, query }) => ({ header: fromHex(partition), parts: [bytesOfWords(query)] }),
  decode: (parts) => wordsOf(parts, "answer"),
};

/** The list. */
export const REMOTE_TASKS = { "pir.partition": pirPartition } as const;

/** What crosses for `task`. @throws ERR_WORKER_TASK when the task must stay in the domain */
export function encodeRemoteTask(task: string, input: unknown): TaskRequest {
  if (!isRemoteTask(task)) throw new SluiceError("ERR_WORKER_TASK", { task });
  return { task, ...REMOTE_TASKS[task].encode(input as PartitionTask) };
}

/** The result of `task`. @throws ERR_WORKER_TASK, ERR_FRAME_MALFORMED */
export function decodeRemoteAnswer(task: string, parts: readonly Bytes[]): unknown {
  if (!isRemoteTask(task)) throw new SluiceError("ERR_WORKER_TASK", { task });
  return REMOTE_TASKS[task].decode(parts);
}

/** Whether `task` may leave the domain. */
export function isRemoteTask(task: string): task is keyof typeof REMOTE_TASKS {
  return Object.hasOwn(REMOTE_TASKS, task);
}

/** The words in the one part of a message. @throws ERR_FRAME_MALFORMED */
export function wordsOf(parts: readonly Bytes[], field: string): Uint32Array {
  const [words] = parts;
  if (words === undefined || parts.length !== 1 || words.length % 4 !== 0) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field, expected: "one part of whole words" });
  }
  return wordsOfBytes(words);
}
