/** Merkle tree hashing and proof checking (RFC 6962 §2.1, algorithms of RFC 9162 §2.1.3 and §2.1.4).
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, equalBytes, type Bytes } from "@sluice/protocol";

/** Bytes of one hash of the tree. */
export const HASH_BYTES = 32;
/** Most hashes in an inclusion or consistency proof that is read. */
export const MAX_PROOF_HASHES = 63;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Hash of a leaf that holds `entry`. */
export function leafHash(entry: Bytes): Bytes {
  return sha256(concatBytes(LEAF, entry));
}

/** Hash of the node above `left` and `right`. */
export function nodeHash(left: Bytes, right: Bytes): Bytes {
  return sha256(concatBytes(NODE, left, right));
}

/** Root of the tree without entries. */
export function emptyRootHash(): Bytes {
  return sha256(new Uint8Array(0));
}

/** Root of a complete subtree over `hashes`, a power of two of them laid end to end. */
export function completeRoot(hashes: Bytes): Bytes {
  let level: Bytes[] = [];
  for (let offset = 0; offset < hashes.length; offset += HASH_BYTES) {
    level.push(hashes.subarray(offset, offset + HASH_BYTES));
  }
  while (level.length > 1) {
    const above: Bytes[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(at(level, i), at(level, i + 1)));
    level = above;
  }
  return at(level, 0);
}

/** Whether `proof` shows that the tree of `size` leaves under `rootHash` has `leaf` at `index`. */
export function verifyInclusion(leaf: Bytes, index: number, size: number, proof: readonly Bytes[], rootHash: Bytes) {
  if (!isSize(size) || !isSize(index) || index >= size || !areHashes(proof)) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(hash, rootHash);
}

/** A tree: how many leaves it has, and its root. */
export type TreeHead = { readonly size: number; readonly rootHash: Bytes };

/** Whether `proof` shows that the first `older.size` leaves of `newer` are those of `older`. */
export function verifyConsistency(older: TreeHead, newer: TreeHead, proof: readonly Bytes[]): boolean {
  if (!isSize(older.size) || !isSize(newer.size) || older.size > newer.size || !areHashes(proof)) return false;
  if (older.size === 0) return proof.length === 0 && equalBytes(older.rootHash, emptyRootHash());
  if (older.size === newer.size) return proof.length === 0 && equalBytes(older.rootHash, newer.rootHash);
  let node = older.size - 1;
  let last = newer.size - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  // A complete older tree is itself the first hash of the path, and is left out of the proof.
  const [first, ...rest] = node === 0 ? [older.rootHash, ...proof] : proof;
  if (first === undefined) return false;
  let olderHash = first;
  let newerHash = first;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      olderHash = nodeHash(sibling, olderHash);
      newerHash = nodeHash(sibling, newerHash);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      newerHash = nodeHash(newerHash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(olderHash, older.rootHash) && equalBytes(newerHash, newer.rootHash);
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(proof: readonly Bytes[]): boolean {
  return proof.length <= MAX_PROOF_HASHES && proof.every((hash) => hash.length === HASH_BYTES);
}

function at(hashes: readonly Bytes[], index: number): Bytes {
  const hash = hashes[index];
  if (hash === undefined) throw new RangeError("a complete subtree has a power of two of hashes");
  return hash;
}
