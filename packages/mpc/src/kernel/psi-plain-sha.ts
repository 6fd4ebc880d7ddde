/** SHA-256 as its kernel computes it, one message after another (FIPS 180-4 §6.2).
 *  @module */
import { FRAME_CONSTANTS, FRAME_PADS } from "./sha-frame.ts";
import type { PsiFunctions } from "./psi-kernel.ts";

/** The function over `bytes`. */
export function plainSha256(bytes: Uint8Array<ArrayBuffer>): PsiFunctions["sha256"] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const words = new Uint32Array(64);
  const state = new Uint32Array(8);
  return (out, digestBytes, heads, headChunks, tails, tailStride, tailChunks, frame, chunks, count) => {
    const constants = Uint32Array.from({ length: 64 }, (_, i) => view.getUint32(frame + FRAME_CONSTANTS + 4 * i, true));
    const digest = new DataView(new ArrayBuffer(32));
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < 8; j++) state[j] = view.getUint32(frame + 4 * j, true);
      for (let j = 0; j < chunks; j++) {
        const pad = frame + FRAME_PADS + 32 * j;
        const tail = j - headChunks;
        const from = tail < 0 ? heads + 16 * (i * headChunks + j) : tails + i * tailStride + 16 * tail;
        for (let k = 0; k < 16; k += 4) {
          const word = tail < tailChunks ? view.getUint32(from + k, false) & view.getUint32(pad + k, false) : 0;
          words[4 * (j & 3) + k / 4] = word | view.getUint32(pad + 16 + k, false);
        }
        if ((j & 3) === 3) compress(state, words, constants);
      }
      for (const [j, word] of state.entries()) digest.setUint32(4 * j, word, false);
      bytes.set(new Uint8Array(digest.buffer, 0, digestBytes), out + i * digestBytes);
    }
  };
}

function compress(state: Uint32Array, w: Uint32Array, constants: Uint32Array): void {
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15] ?? 0;
    const y = w[t - 2] ?? 0;
    const s0 = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
    const s1 = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
    w[t] = (w[t - 16] ?? 0) + s0 + (w[t - 7] ?? 0) + s1;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let t = 0; t < 64; t++) {
    const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (constants[t] ?? 0) + (w[t] ?? 0)) | 0;
    const t2 = ((rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] ?? 0) + word;
}

function rotated(x: number, bits: number): number {
  return (x >>> bits) | (x << (32 - bits));
}
