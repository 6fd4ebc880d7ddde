/** The recursive definitions of RFC 6962 §2.1, as text and as slow as they stand there: the oracle.
 *  @module */
import { createHash } from "node:crypto";

function hash(...parts: Uint8Array[]): Uint8Array {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return new Uint8Array(digest.digest());
}

function split(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1);
}

/** MTH(D[n]). */
export function naiveRoot(entries: readonly Uint8Array[]): Uint8Array {
  const [first] = entries;
  if (first === undefined) return hash();
  if (entries.length === 1) return hash(Uint8Array.of(0), first);
  const k = split(entries.length);
  return hash(Uint8Array.of(1), naiveRoot(entries.slice(0, k)), naiveRoot(entries.slice(k)));
}

/** PATH(m, D[n]). */
export function naiveInclusion(index: number, entries: readonly Uint8Array[]): Uint8Array[] {
  if (entries.length === 1) return [];
  const k = split(entries.length);
  return index < k
    ? [...naiveInclusion(index, entries.slice(0, k)), naiveRoot(entries.slice(k))]
    : [...naiveInclusion(index - k, entries.slice(k)), naiveRoot(entries.slice(0, k))];
}

/** PROOF(m, D[n]) for 0 < m < n. */
export function naiveConsistency(size: number, entries: readonly Uint8Array[], whole = true): Uint8Array[] {
  if (size === entries.length) return whole ? [] : [naiveRoot(entries)];
  const k = split(entries.length);
  return size <= k
    ? [...naiveConsistency(size, entries.slice(0, k), whole), naiveRoot(entries.slice(k))]
    : [...naiveConsistency(size - k, entries.slice(k), false), naiveRoot(entries.slice(0, k))];
}
