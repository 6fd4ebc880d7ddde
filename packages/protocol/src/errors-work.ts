/** The part of the catalogue of errors that pools and their workers answer with, on this machine and on others.
 *  @module */
import type { CatalogueEntry } from "./errors.ts";

/** Codes of work that waits, ends early or is done elsewhere. */
export const WORK_ERRORS = {
  ERR_POOL_FULL: { status: 503, message: "{maxQueue} tasks are waiting already", remedy: "try again later" },
  ERR_RATE_LIMIT: {
    status: 429,
    message: "party {party} sends more than {callsPerSecond} calls per second",
    remedy: "send calls more slowly, or ask the operator for a higher rate",
  },
  ERR_POOL_WORKER: {
    status: 500,
    message: "a worker ended during task {task}",
    remedy: "try again; see the process log",
  },
  ERR_WORKER_TASK: {
    status: 403,
    message: "task {task} does not leave the domain's machine",
    remedy: "run it on the domain's own threads",
  },
  ERR_WORKER_AUTH: {
    status: 401,
    message: "a message between domain and worker is not authentic: {reason}",
    remedy: "give both the same secret file, and see what stands between them",
  },
  ERR_WORKER_SESSION: {
    status: 409,
    message: "the worker has begun another session",
    remedy: "ask for its session and send the request again",
  },
  ERR_PARTITION_UNKNOWN: {
    status: 404,
    message: "the worker does not hold partition {partition}",
    remedy: "send it the partition, and ask again",
  },
  ERR_SESSION_FRAME: {
    status: 409,
    message: "a frame of the session is out of turn: its number is {number}, and {expected} was expected",
    remedy: "send the frames that were not acknowledged, in their order",
  },
  ERR_SESSION_ENDED: {
    status: 410,
    message: "the session is not open any more: {reason}",
    remedy: "ask again with a new session; what this one spent stays spent",
  },
  ERR_SESSION_LIMIT: {
    status: 503,
    message: "{maxSessions} sessions are open already",
    remedy: "end one of them, or try again later",
  },
  ERR_CALL_JOURNAL: {
    status: 409,
    message: "the journal of a call cannot be gone on with: {reason}",
    remedy: "go on with the product and the list that it began with, or begin another call with an empty journal",
  },
  ERR_CANCELLED: { status: 499, message: "the work was cancelled", remedy: "start it again if it is still wanted" },
  ERR_TIMEOUT: {
    status: 504,
    message: "no answer within {timeoutMs} ms",
    remedy: "try again; raise the limit if it persists",
  },
} as const satisfies Record<string, CatalogueEntry>;
