/** OPRF keys of lookup products: one per domain, grant, product, purpose and epoch, never shared with another
 *  protocol. Whoever holds one can test every identity number, so they stay inside this process and its workers.
 *  @module */
import { utf8, type Bytes } from "@sluice/protocol";
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
