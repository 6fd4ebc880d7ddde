/** The domain's role of join-and-sum on a thread of its own, and how its set is prepared by the workers of set intersection: what the
 *  process that serves loads, without SEAL.
 *  @module */
import type { Bytes, JoinSumTerms, Sha256Hex } from "@sluice/protocol";
import { extname } from "node:path";
import type { CountDummies } from "../../psi/cardinality-sender.ts";
import type { PackedEntries } from "../../psi/tasks.ts";
import { threadedRole, type ThreadedRole } from "../../session/threaded-session.ts";
import type { JoinSumIdentity } from "./context.ts";

const JOIN_SUM_WORKER = new URL(`./join-sum-worker${extname(import.meta.url)}`, import.meta.url);

/** Input of the task `psi.prepare-sum`. */
export interface PrepareSumTask {
  readonly identity: JoinSumIdentity;
  readonly bound: JoinSumTerms["bound"];
  readonly set: PackedEntries;
  /** Whole numbers, of the entries in their order. */
  readonly values: Float64Array;
}

/** Its result. */
export interface PreparedSum {
  readonly paddedItems: number;
  /** SumContent, which stays in the domain. */
  readonly content: Bytes;
  /** Its hash. */
  readonly hash: Sha256Hex;
}

/** What one session's role is made of. */
export interface JoinSumRoleInput {
  /** Id of the session, of one call alone. */
  readonly session: Bytes;
  /** Hash of the snapshot that is served. */
  readonly snapshot: Sha256Hex;
  readonly identity: JoinSumIdentity;
  readonly terms: JoinSumTerms;
  /** SumContent. In shared memory it is not copied to the thread. */
  readonly content: Bytes;
  /** Padded size of the list that was paid for. */
  readonly listItems: number;
  /** Drawn by whoever keeps the privacy budget, secret; and so is the noise of the sum. */
  readonly dummies: CountDummies;
  readonly noise: readonly bigint[];
}

/** The identity that a snapshot states. */
export function joinSumIdentity(snapshot: JoinSumIdentity): JoinSumIdentity {
  const { domain, product, version, grant, purpose, epoch } = snapshot;
  return { domain, product, version, grant, purpose, epoch };
}

/** Begins the role. @throws what `threadedRole` throws */
export function joinSumRole(input: JoinSumRoleInput, signal: AbortSignal): Promise<ThreadedRole> {
  return threadedRole({ workerFile: JOIN_SUM_WORKER, role: "join-sum", input }, signal);
}
