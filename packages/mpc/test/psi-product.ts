/** A small PSI product of each variant, as domain and caller hold it, and whole calls over frames.
 *  @module */
import {
  concatBytes,
  documentHash,
  padPsiDelta,
  padPsiItems,
  sha256Hex,
  toHex,
  type Bytes,
  type PsiKind,
  type PsiParameters,
  type PsiSnapshot,
  type Random,
} from "@sluice/protocol";
import type { OprfKeyPair } from "../src/oprf/server.ts";
import { systemRandom } from "../src/random.ts";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "../src/psi/receiver.ts";
import {
  answerCardinality,
  answerIds,
  derivePsiKey,
  evaluateEntries,
  fitFilter,
  prepareCardinalitySet,
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

export function snapshotOf(parameters: PsiParameters): PsiSnapshot {
  return {
    type: "psi-snapshot",
    domain: "health",
    product: "insured-list",
    version: 1,
    grant: HASH,
    purpose: "medical-aid",
    bundle: HASH,
    release: HASH,
    parameters,
    epoch: 1,
    sealKey: `x25519:${"A".repeat(43)}`,
    at: "2026-01-01T00:00:00.000Z",
  };
}

/** The identity of the product of a variant. */
export function identityOf(kind: PsiKind): PsiIdentity {
  return { ...psiIdentity(snapshotOf({ kind: "psi-cardinality", paddedItems: 16, set: HASH, noise: NOISE })), kind };
}

export async function preparePsi(
  kind: PsiKind,
  entries: readonly string[],
  random: Random = systemRandom,
): Promise<PsiProduct> {
  const identity = identityOf(kind);
  const key = await derivePsiKey(new Uint8Array(32).fill(4), identity);
  const bytes = [...new Set(entries)].map(psiEntry);
  const paddedItems = padPsiItems(bytes.length);
  const prepared = async (set: Bytes, parameters: PsiParameters): Promise<PsiProduct> => {
    const snapshot = snapshotOf(parameters);
    return { identity, key, set, snapshot, snapshotHash: await documentHash(snapshot) };
  };
  if (kind === "psi-cardinality") {
    const set = await prepareCardinalitySet({ identity, entries: bytes, random });
    return prepared(set, { kind, paddedItems, set: await sha256Hex(set), noise: NOISE });
  }
  const keys = await evaluateEntries({ identity, key, entries: bytes });
  const { table, filter } = await fitFilter({ keys, items: paddedItems }, random);
  const oprfPublicKey = toHex(key.publicKey);
  return prepared(filter, { kind, method: "filter", paddedItems, oprfPublicKey, base: table });
}

/** The same product over its base, with a delta. */
export async function withDelta(
  product: PsiProduct,
  changes: { readonly added: readonly string[]; readonly removed: readonly string[] },
): Promise<PsiProduct & { readonly delta: Bytes }> {
  const { identity, key, snapshot } = product;
  const { parameters } = snapshot;
  if (parameters.kind !== "psi-ids") throw new Error("only ids have a delta");
  const fitted = [];
  for (const entries of [changes.added, changes.removed]) {
    const keys = await evaluateEntries({ identity, key, entries: entries.map(psiEntry) });
    fitted.push(await fitFilter({ keys, items: padPsiDelta(entries.length, parameters.paddedItems) }, systemRandom));
  }
  const [added, removed] = fitted;
  if (added === undefined || removed === undefined) throw new Error("two filters");
  const updated = { ...snapshot, parameters: { ...parameters, delta: { added: added.table, removed: removed.table } } };
  const delta = concatBytes(added.filter, removed.filter);
  return { ...product, snapshot: updated, snapshotHash: await documentHash(updated), delta };
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
