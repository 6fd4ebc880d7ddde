/** What both variants of the receiver do before their first message: check what they were given, and make the list
 *  a set of a padded size.
 *  @module */
import {
  documentHash,
  MAX_PSI_LIST_ITEMS,
  SluiceError,
  type Bytes,
  type PsiKind,
  type PsiSnapshot,
  type Random,
  type Sha256Hex,
} from "@sluice/protocol";
import { psiEntry } from "./entry.ts";
import type { PsiPassOptions } from "./pass.ts";

/** Options of a query. */
export interface PsiQueryOptions extends PsiPassOptions {
  /** The platform's by default. */
  readonly random?: Random;
}

/** @throws ERR_RECEIPT when the snapshot is not the one that was named; ERR_STATE when it is of the other variant. */
export async function checkSnapshot(snapshot: PsiSnapshot, snapshotHash: Sha256Hex, kind: PsiKind): Promise<void> {
  if ((await documentHash(snapshot)) !== snapshotHash) {
    throw new SluiceError("ERR_RECEIPT", { reason: "the snapshot is not the one that was named" });
  }
  const served = snapshot.parameters.kind;
  if (served !== kind) {
    throw new SluiceError("ERR_STATE", { kind: "product", name: snapshot.product, state: served, needed: kind });
  }
}

/** The distinct entries of a list, in the order in which they first occur, with their bytes.
 *  @throws ERR_PSI_SET_TOO_LARGE when there are more than the variant allows; ERR_OPRF_INPUT when one cannot be an entry. */
export function distinctEntries(list: Iterable<string>, kind: PsiKind): { entries: string[]; bytes: Bytes[] } {
  const maxItems = MAX_PSI_LIST_ITEMS[kind];
  const distinct = new Set<string>();
  for (const entry of list) {
    distinct.add(entry);
    if (distinct.size > maxItems) throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems });
  }
  const entries = [...distinct];
  return { entries, bytes: entries.map(psiEntry) };
}

/** Hands `secret` out once. @throws ERR_STATE the second time, and after it was dropped. */
export class OnceOnly<T> {
  #secret: T | null;

  constructor(secret: T) {
    this.#secret = secret;
  }

  take(): T {
    const secret = this.#secret;
    if (secret === null) {
      throw new SluiceError("ERR_STATE", { kind: "query", name: "psi", state: "finished", needed: "new" });
    }
    this.#secret = null;
    return secret;
  }

  drop(): void {
    this.#secret = null;
  }
}
