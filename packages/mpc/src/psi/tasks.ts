/** Inputs and results of the PSI worker's tasks, and where the worker lies. Give it a pool of its own: one list of the
 *  full size takes seconds, and a lookup must not wait behind it.
 *  @module */
import { concatBytes, type Bytes, type Sha256Hex } from "@sluice/protocol";
import { extname } from "node:path";
import type { CountDummies } from "./cardinality-sender.ts";
import { psiEntry } from "./entry.ts";
import type { FilterKeys } from "./filter/fit-filter.ts";
import type { PsiIdentity } from "./identity.ts";

/** Worker file for `createTaskPool`: tasks `psi.evaluate`, `psi.fit`, `psi.answer` of ids; `psi.prepare-count`, `psi.count` of cardinality;
 *  `psi.prepare-sum` of join-and-sum. */
export const PSI_WORKER = new URL(`./psi-worker${extname(import.meta.url)}`, import.meta.url);

/** Key of one identity: the worker derives it under the identity, whatever else the seed is used for. */
interface PsiKeySource {
  readonly identity: PsiIdentity;
  /** Secret; the worker wipes its copy. */
  readonly seed: Bytes;
}

/** Entries as one buffer. */
export interface PackedEntries {
  /** struct { uint16 length; opaque entry[length]; } × count. */
  readonly entries: Bytes;
  readonly count: number;
}

/** Input of `psi.evaluate`; the result is the key of each entry in a filter, one after another. */
export interface PsiEvaluateTask extends PsiKeySource {
  readonly set: PackedEntries;
}

/** Input of `psi.fit`; the result is a FittedFilter. */
export type PsiFitTask = FilterKeys;

/** Input of `psi.prepare-count`. */
export interface PsiPrepareCountTask {
  readonly identity: PsiIdentity;
  readonly set: PackedEntries;
}

/** Result of `psi.prepare-count`. */
export interface PsiPrepared {
  /** Padded number of entries, and hash of `set`. */
  readonly parameters: { readonly paddedItems: number; readonly set: Sha256Hex };
  /** The elements, which stay in the domain. */
  readonly set: Bytes;
}

/** Input of `psi.count`; the result is a PsiCardinalityAnswer. No key is needed: one is drawn for the call. */
export interface PsiCountTask {
  readonly identity: PsiIdentity;
  /** The elements that `psi.prepare-count` made. In shared memory they are not copied to the thread. */
  readonly elements: Bytes;
  /** Hash of the snapshot that is served from it. */
  readonly snapshot: Sha256Hex;
  /** PsiCardinalityQuery. */
  readonly frame: Bytes;
  readonly dummies: CountDummies;
}

/** Input of `psi.answer`; the result is a PsiIdsAnswer. */
export interface PsiAnswerTask extends PsiKeySource {
  /** Hash of the snapshot that is served from it. */
  readonly snapshot: Sha256Hex;
  /** PsiQuery. */
  readonly frame: Bytes;
}

/** Packs entries for a task. Transfer the buffer with the task. @throws ERR_OPRF_INPUT when one cannot be an entry. */
export function packEntries(entries: Iterable<string>): PackedEntries {
  let packed = new Uint8Array(2 ** 16);
  let used = 0;
  let count = 0;
  for (const entry of entries) {
    const bytes = psiEntry(entry);
    const end = used + 2 + bytes.length;
    if (end > packed.length) packed = concatBytes(packed, new Uint8Array(packed.length)) as typeof packed;
    packed[used] = bytes.length >> 8;
    packed[used + 1] = bytes.length & 0xff;
    packed.set(bytes, used + 2);
    used = end;
    count++;
  }
  return { entries: packed.slice(0, used), count };
}
