/** Hashes of keys, their places and the order in which they peel, as the kernel computes them.
 *  @module */
import { sipHash } from "./siphash.ts";
import type { PsiFunctions } from "./psi-kernel.ts";

/** The functions over `bytes`. */
export function plainPlaces(bytes: Uint8Array<ArrayBuffer>): Pick<PsiFunctions, "hashKeys" | "place" | "peelPlaces"> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const word = (at: number): number => view.getUint32(at, true);
  return {
    hashKeys(out, seed, keys, count, purpose) {
      for (let at = 0; at < 16 * count; at += 16) {
        const hash = sipHash(bytes.subarray(seed, seed + 16), bytes.subarray(keys + at, keys + at + 16), purpose);
        for (const [i, value] of hash.entries()) view.setUint32(out + at + 4 * i, value, true);
      }
    },
    place(hashes, count, sparse, mask) {
      for (let at = hashes; at < hashes + 16 * count; at += 16) {
        const a = scale(word(at), sparse);
        let b = scale(word(at + 4), sparse - 1);
        if (b >= a) b++;
        // The third among those that are neither.
        let c = scale(word(at + 8), sparse - 2);
        if (c >= Math.min(a, b)) c++;
        if (c >= Math.max(a, b)) c++;
        for (const [i, value] of [a, b, c, word(at + 12) & mask].entries()) view.setUint32(at + 4 * i, value, true);
      }
    },
    peelPlaces(order, places, count, sparse) {
      const degree = new Uint32Array(sparse);
      const keyXor = new Uint32Array(sparse);
      for (let key = 0; key < count; key++) {
        for (let j = 0; j < 12; j += 4) {
          const row = word(places + 16 * key + j);
          degree[row] = (degree[row] ?? 0) + 1;
          keyXor[row] = (keyXor[row] ?? 0) ^ key;
        }
      }
      const queue: number[] = [];
      for (const [row, keys] of degree.entries()) if (keys === 1) queue.push(row);
      let peeled = 0;
      for (let next = 0; next < queue.length; next++) {
        const row = queue[next] ?? 0;
        if (degree[row] !== 1) continue;
        const key = keyXor[row] ?? 0;
        view.setUint32(order + 8 * peeled, key, true);
        view.setUint32(order + 8 * peeled + 4, row, true);
        peeled++;
        for (let j = 0; j < 12; j += 4) {
          const other = word(places + 16 * key + j);
          keyXor[other] = (keyXor[other] ?? 0) ^ key;
          degree[other] = (degree[other] ?? 0) - 1;
          if (degree[other] === 1) queue.push(other);
        }
      }
      return peeled;
    },
  };
}

/** A word as a number below `bound`, at most 2^20: no value is likelier than another by more than `bound` / 2^32. */
export function scale(word: number, bound: number): number {
  return Math.floor((word * bound) / 2 ** 32);
}
