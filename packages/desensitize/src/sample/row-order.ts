/** In which order the rows of a sample come. It is a secret of that sample alone: two samples in one order could be laid side
 *  by side, row by row, and their tokens, noises and columns joined, whatever else they do not have in common.
 *  @module */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { canonicalBytes, concatBytes, utf8 } from "@sluice/protocol";
import type { Bytes, Policy, ResourceDescription } from "@sluice/protocol";
import type { ViewSource } from "../view-sql.ts";

/** Bytes of the secret of an order. */
const ORDER_BYTES = 32;

/** Secret of the order in which a sample of these columns, under this policy and in this scene, shows its rows: HKDF-SHA-256
 *  (RFC 5869) of seed and scene key. */
export function orderSecret(
  policy: Policy,
  { domain, resource, snapshot }: ResourceDescription,
  { fields, tokenKey, seed }: Pick<ViewSource, "fields" | "tokenKey"> & { readonly seed: Bytes },
): Bytes {
  const of = sha256(canonicalBytes({ domain, resource, snapshot, policy, fields: [...fields] }));
  return hkdf(sha256, concatBytes(seed, tokenKey), utf8("sluice/sample-order/v1"), of, ORDER_BYTES);
}

/** Place of a row among the others, as an SQL expression of its number. It binds `sampleOrder`. */
export function orderSql(row: string): string {
  return `sha256($sampleOrder || encode(CAST(${row} AS VARCHAR)))`;
}
