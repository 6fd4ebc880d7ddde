/** Keys of products: one per domain, grant, product, purpose and epoch, never shared between two protocols. Whoever
 *  holds one can test every identity number, so they stay inside this process and its workers.
 *  @module */
import type { PsiIdentity } from "@sluice/mpc/psi/sender";
import { utf8, type Bytes, type PsiKind } from "@sluice/protocol";
import type { HeldGrant } from "../state/documents.ts";
import type { DomainContext } from "./context.ts";

/** Epoch of the keys; a rotation counts it up. */
export const FIRST_EPOCH = 1;

/** Seed of RFC 9497 §3.2.1 DeriveKeyPair. */
export function oprfSeed(context: DomainContext): Bytes {
  return context.keyring.derive("oprf", "lookup");
}

/** Public key info of DeriveKeyPair: what the key is for. Each grant has its own key, so that evaluations under one
 *  quota are worth nothing on the index of another. */
export function oprfInfo({ hash, grant }: HeldGrant, product: string, epoch: number): Bytes {
  const { domain, scene } = grant.body;
  return utf8(`sluice/lookup/v1|${domain}|${hash}|${product}|${scene.purpose}|${epoch}`);
}

/** Seed of the keys of sets. Workers derive each key from it under the identity of its set. */
export function psiSeed(context: DomainContext): Bytes {
  return context.keyring.derive("psi", "set");
}

/** What the key of a set that is built now is for. */
export function newPsiIdentity(
  { hash, grant }: HeldGrant,
  set: { readonly kind: PsiKind; readonly product: string; readonly version: number },
): PsiIdentity {
  const { domain, scene } = grant.body;
  return { ...set, domain, grant: hash, purpose: scene.purpose, epoch: FIRST_EPOCH };
}
