/** Randomness that replays exactly: AES-256-CTR under a small seed.
 *  @module */
import type { Random } from "@sluice/protocol";
import { createCipheriv, createHash } from "node:crypto";

export function seededRandom(seed: number): Random {
  const key = createHash("sha256").update(`seed ${seed}`).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  return { bytes: (length) => new Uint8Array(cipher.update(Buffer.alloc(length))) };
}
