/** OPRF keys of lookup products: one per domain, product, purpose and epoch, never shared with another
 *  protocol. Whoever holds one can test every identity number, so they stay inside this process and its workers.
 *  @module */
import { utf8, type Bytes, type Grant } from "@sluice/protocol";
import type { DomainContext } from "./context.ts";

/** Epoch of the keys; a rotation counts it up. */
export const FIRST_EPOCH = 1;

/** Seed of RFC 9497 §3.2.1 DeriveKeyPair. */
export function oprfSeed(context: DomainContext): Bytes {
  return context.keyring.derive("oprf", "lookup");
}

/** Public key info of DeriveKeyPair: what the key is for. */
export function oprfInfo(grant: Grant, product: string, epoch: number): Bytes {
  return utf8(`sluice/lookup/v1|${grant.domain}|${product}|${grant.scene.purpose}|${epoch}`);
}
