/** The sender's role of a set intersection by oblivious transfer, on a thread of its own.
 *  @module */
import { SluiceError, type Bytes, type Sha256Hex } from "@sluice/protocol";
import { extname } from "node:path";
import { threadedRole, type ThreadedRole } from "../session/threaded-session.ts";
import { transferSet } from "./ot/transfer-set.ts";

const TRANSFER_WORKER = new URL(`./transfer-worker${extname(import.meta.url)}`, import.meta.url);

/** What one session's role is made of. */
export interface TransferRoleInput {
  /** Id of the session, of one call alone. */
  readonly session: Bytes;
  /** Hash of the snapshot that is served. */
  readonly snapshot: Sha256Hex;
  readonly purpose: string;
  /** What `prepareTransferSet` made. In shared memory it is not copied to the thread. */
  readonly digests: Bytes;
  /** Padded size of the list that was declared. */
  readonly listItems: number;
}

/** What the domain keeps of distinct entries for every session: their hashes. @throws ERR_PSI_SET_TOO_LARGE, ERR_OPRF_INPUT */
export function prepareTransferSet(entries: Iterable<string>, maxItems: number): { count: number; digests: Bytes } {
  const distinct = [...new Set(entries)];
  if (distinct.length > maxItems) throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems });
  return transferSet(distinct);
}

/** Begins the role. @throws what `threadedRole` throws */
export function transferRole(input: TransferRoleInput, signal: AbortSignal): Promise<ThreadedRole> {
  return threadedRole({ workerFile: TRANSFER_WORKER, role: "psi.transfer", input }, signal);
}
