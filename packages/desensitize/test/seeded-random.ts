/** Randomness that replays exactly: AES-256-CTR under a small seed. No file outside the tests has one for noise.
 *  @module */
import type { Random } from "@sluice/protocol";
import { createCipheriv, createHash } from "node:crypto";

export function seededRandom(seed: number): Random {
  const key = createHash("sha256").update(`seed ${seed}`).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  return { bytes: (length) => new Uint8Array(cipher.update(Buffer.alloc(length))) };
}

/** Random words that a test chose, first to last; every word after them is 0. */
export function scriptedRandom(words: readonly number[]): Random {
  let next = 0;
  return {
    bytes: (length) => {
      const out = Uint32Array.from({ length: length / 4 }, () => words[next++] ?? 0);
      return new Uint8Array(out.buffer);
    },
  };
}
