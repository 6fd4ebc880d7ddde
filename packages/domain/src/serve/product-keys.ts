/** Keys of products: one per domain, grant, product, purpose and epoch, never shared between two protocols. Whoever
 *  holds one can test every identity number, so they stay inside this process and its workers.
 *  @module */
import type { PsiIdentity } from "@sluice/mpc/psi/sender";
import { utf8, type Bytes, type PsiKind } from "@sluice/protocol";
import type { HeldGrant } from "../state/documents.ts";
import type { DomainContext } from "./context.ts";

/** Epoch of the key of a product version that is built now: that of what it serves, counted up. What was evaluated under one
 *  epoch opens nothing of another. */
export function nextEpoch(
  { work }: Pick<DomainContext, "work">,
  { product, version }: { readonly product: string; readonly version: number },
): number {
  const body = work.product(product, version)?.snapshot.body;
  const counted =
    body?.type === "lookup-snapshot" || body?.type === "psi-snapshot" || body?.type === "join-sum-snapshot";
  return counted ? body.epoch + 1 : 1;
}

/** Seed of RFC 9497 §3.2.1 DeriveKeyPair. */
export function oprfSeed(context: DomainContext): Bytes {
  return context.keyring.derive("oprf", "lookup");
}

/** Public key info of DeriveKeyPair: what the key is for. Each grant has its own key, so that evaluations under one
 *  quota are worth nothing on the index of another; and each version, so that no version evaluates under a key that another
 *  has left behind. */
export function oprfInfo(
  { hash, grant }: HeldGrant,
  { product, version, epoch }: { readonly product: string; readonly version: number; readonly epoch: number },
): Bytes {
  const { domain, scene } = grant.body;
  return utf8(`sluice/lookup/v2|${domain}|${hash}|${product}|${version}|${scene.purpose}|${epoch}`);
}

/** Seed of the keys of sets. Workers derive each key from it under the identity of its set. */
export function psiSeed(context: DomainContext): Bytes {
  return context.keyring.derive("psi", "set");
}

/** What the key of a set that is built now is for. */
export function newPsiIdentity(
  { hash, grant }: HeldGrant,
  set: { readonly kind: PsiKind; readonly product: string; readonly version: number; readonly epoch: number },
): PsiIdentity {
  const { domain, scene } = grant.body;
  return { ...set, domain, grant: hash, purpose: scene.purpose };
}
