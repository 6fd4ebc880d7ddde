/** Key and arguments of the sender. The key is the crown jewel: whoever holds it tests every identity number
 *  against a set. It is derived for one identity, mode VOPRF, so that no lookup product ever uses it.
 *  @module */
import {
  decodePsiQuery,
  fromHex,
  equalBytes,
  MAX_PSI_SET_ITEMS,
  SluiceError,
  type Bytes,
  type PsiQuery,
  type Random,
  type Sha256Hex,
} from "@sluice/protocol";
import { deriveKeyPair, type OprfKeyPair } from "../oprf/server.ts";
import { psiKeyInfo, type PsiIdentity } from "./identity.ts";

/** The key of one identity. @param seed 32 secret random bytes. @throws ERR_OPRF_INPUT when the seed has another length. */
export function derivePsiKey(seed: Bytes, identity: PsiIdentity): Promise<OprfKeyPair> {
  return deriveKeyPair(seed, psiKeyInfo(identity), "voprf");
}

/** What a set is prepared from. */
export interface PsiSetSource {
  readonly identity: PsiIdentity;
  /** `derivePsiKey` of the identity. */
  readonly key: OprfKeyPair;
  /** `psiEntry` of each entry; repeated entries count once. */
  readonly entries: readonly Bytes[];
  readonly random?: Random;
  readonly signal?: AbortSignal | undefined;
}

/** The distinct entries of a source. @throws ERR_PSI_SET_TOO_LARGE */
export function distinctOf({ entries, identity }: Pick<PsiSetSource, "entries" | "identity">): Bytes[] {
  const distinct = new Map<string, Bytes>();
  for (const entry of entries) distinct.set(Buffer.from(entry).toString("latin1"), entry);
  const maxItems = MAX_PSI_SET_ITEMS[identity.kind];
  if (distinct.size > maxItems) throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems });
  return [...distinct.values()];
}

/** Decodes a query of `psi-ids` for this snapshot.
 *  @throws ERR_FRAME_MALFORMED, ERR_PSI_SET_TOO_LARGE; ERR_SNAPSHOT when it was made for another snapshot. */
export function openQuery(frame: Bytes, snapshot: Sha256Hex): PsiQuery {
  const query = decodePsiQuery(frame);
  if (!equalBytes(query.snapshot, fromHex(snapshot))) throw new SluiceError("ERR_SNAPSHOT");
  return query;
}

/** @throws ERR_STATE when a function of one variant is given the identity of the other. */
export function expectVariant({ kind, product }: PsiIdentity, needed: PsiIdentity["kind"]): void {
  if (kind !== needed) throw new SluiceError("ERR_STATE", { kind: "product", name: product, state: kind, needed });
}
