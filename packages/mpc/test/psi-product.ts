/** A small PSI product of each variant, as domain and caller hold it, and whole calls over frames.
 *  @module */
import {
  documentHash,
  padPsiItems,
  sha256Hex,
  type Bytes,
  type PsiKind,
  type PsiSnapshot,
  type Random,
} from "@sluice/protocol";
import type { OprfKeyPair } from "../src/oprf/server.ts";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "../src/psi/receiver.ts";
import {
  answerCardinality,
  answerIds,
  derivePsiKey,
  prepareCardinalitySet,
  prepareIdsSet,
  psiEntry,
  psiIdentity,
  type PsiIdentity,
} from "../src/psi/sender.ts";

export const HASH = "ab".repeat(32);

export interface PsiProduct {
  readonly identity: PsiIdentity;
  readonly key: OprfKeyPair;
  readonly set: Bytes;
  readonly snapshot: PsiSnapshot;
  readonly snapshotHash: string;
}

/** Noise of counts: few dummies. */
export const NOISE = { epsilon: "2", budget: "8", shift: 4 } as const;

export function snapshotOf(kind: PsiKind, paddedItems: number, set: string): PsiSnapshot {
  return {
    type: "psi-snapshot",
    domain: "health",
    product: "insured-list",
    version: 1,
    grant: HASH,
    purpose: "medical-aid",
    bundle: HASH,
    release: HASH,
    parameters: kind === "psi-ids" ? { kind, paddedItems, set } : { kind, paddedItems, set, noise: NOISE },
    epoch: 1,
    sealKey: `x25519:${"A".repeat(43)}`,
    at: "2026-01-01T00:00:00.000Z",
  };
}

export async function preparePsi(kind: PsiKind, entries: readonly string[], random?: Random): Promise<PsiProduct> {
  const identity = psiIdentity(snapshotOf(kind, 16, HASH));
  const key = await derivePsiKey(new Uint8Array(32).fill(4), identity);
  const prepare = kind === "psi-ids" ? prepareIdsSet : prepareCardinalitySet;
  const source = { identity, key, entries: entries.map(psiEntry) };
  const set = await prepare(random === undefined ? source : { ...source, random });
  const snapshot = snapshotOf(kind, padPsiItems(new Set(entries).size), await sha256Hex(set));
  return { identity, key, set, snapshot, snapshotHash: await documentHash(snapshot) };
}

/** What a domain answers to a query; as many dummies match as in the middle of the noise, so that a count is exact, unless
 *  `matches` says how many. */
export function answerPsi(
  product: PsiProduct,
  frame: Bytes,
  random?: Random,
  matches: number = NOISE.shift,
): Promise<Bytes> {
  const { identity, key, set, snapshotHash: snapshot } = product;
  if (identity.kind === "psi-ids") return answerIds({ identity, key, snapshot, frame });
  const call = { identity, set, snapshot, frame, dummies: { shift: NOISE.shift, matches } };
  return answerCardinality(random === undefined ? call : { ...call, random });
}

/** One list against the product's set, with the frames that an observer saw. */
export async function intersect(product: PsiProduct, list: readonly string[], random?: Random) {
  const receiver = await PsiIdsReceiver.open(product);
  const query = await receiver.start(list, random === undefined ? {} : { random });
  const answer = await answerPsi(product, query.frame);
  return { found: await query.finish(answer), frames: [query.frame, answer] };
}

/** The count of one list's matches, with the frames that an observer saw. */
export async function countMatches(product: PsiProduct, list: readonly string[]) {
  const receiver = await PsiCardinalityReceiver.open(product);
  const query = await receiver.start(list);
  const answer = await answerPsi(product, query.frame);
  const { count } = await query.finish(answer);
  return { count, frames: [query.frame, answer] };
}
