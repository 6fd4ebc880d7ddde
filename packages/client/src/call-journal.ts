/** The journal of a call of many messages, so that another process can go on when this one ends: see `call-journal.ts` of
 *  `protocol` for what is in it.
 *  @module */
import {
  decodeCallRecord,
  encodeCallRecord,
  isSluiceError,
  type BegunCall,
  type Bytes,
  type CallRecord,
  type Sha256Hex,
} from "@sluice/protocol";
import { refusal } from "./refusal.ts";

/** Where records are stored, of one call after another: sealed, since they are secret. One process uses it at a time, and a copy
 *  of it, a backup too, is never used. */
export interface CallJournal {
  /** The records that are stored, in their order. */
  read(): Promise<readonly Bytes[]>;
  /** Stores a record behind the others: it outlives this process when this returns. */
  append(record: Bytes): Promise<void>;
}

const inUse = new WeakSet<CallJournal>();

/** Runs `work`, which has the journal for itself in this process. @throws ERR_CALL_JOURNAL while another call has it */
export async function withJournal<T>(journal: CallJournal | undefined, work: () => Promise<T>): Promise<T> {
  if (journal === undefined) return await work();
  if (inUse.has(journal)) throw unusable("another call of this process uses it");
  inUse.add(journal);
  try {
    return await work();
  } finally {
    inUse.delete(journal);
  }
}

/** A call that can be gone on with. */
export interface KeptCall {
  readonly begun: BegunCall;
  /** Hashes of the requests that were signed. */
  readonly requests: ReadonlySet<Sha256Hex>;
  /** Whether the domain has said that the session is open. */
  readonly opened: boolean;
  /** Number of the last message, -1 before the first. */
  readonly number: number;
  /** Frames of the caller that the domain has. */
  readonly acknowledged: number;
  /** Frames of the domain, all of them. */
  readonly received: readonly Bytes[];
}

/** The call that a journal holds; null when it holds none, or one that is over. @throws ERR_CALL_JOURNAL */
export async function readJournal(journal: CallJournal): Promise<KeptCall | null> {
  let kept: KeptCall | null = null;
  for (const bytes of await journal.read()) kept = after(kept, decoded(bytes));
  return kept;
}

/** Stores a record, where there is a journal. */
export async function keep(journal: CallJournal | undefined, record: CallRecord): Promise<void> {
  await journal?.append(encodeCallRecord(record));
}

function after(kept: KeptCall | null, record: CallRecord): KeptCall | null {
  if (record.kind === "over") return null;
  if (record.kind === "begun") {
    const { begun } = record;
    return { begun, requests: new Set(), opened: false, number: -1, acknowledged: 0, received: [] };
  }
  if (kept === null) throw unusable("no call has begun in it");
  if (record.kind === "request") return { ...kept, requests: new Set([...kept.requests, record.hash]) };
  if (record.kind === "opened") return { ...kept, opened: true };
  const { number, acknowledged, received } = record;
  if (number <= kept.number || acknowledged < kept.acknowledged) throw unusable("its messages are out of turn");
  return { ...kept, number, acknowledged, received: [...kept.received, ...received] };
}

function decoded(bytes: Bytes): CallRecord {
  try {
    return decodeCallRecord(bytes);
  } catch (cause) {
    if (isSluiceError(cause)) throw unusable("a record of it is no record of a call", cause);
    throw cause;
  }
}

/** A journal that cannot be gone on with. */
export function unusable(reason: string, cause?: unknown): Error {
  return refusal("ERR_CALL_JOURNAL", { reason }, cause);
}
