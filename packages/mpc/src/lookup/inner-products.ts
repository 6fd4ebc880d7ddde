/** Inner products modulo 2^32 of rows of 1,024 words with a secret, by the kernel where the engine has it. Its memory is one for
 *  the whole program, and holds no secret between two calls.
 *  @module */
import { createKernelMemory, openKernels, type Kernels } from "../kernel/kernels.ts";
import { LWE_DIMENSION } from "./lwe.ts";

/** Rows that the kernel takes at a time: 1 MiB. */
const PANEL_ROWS = 256;
const ROW_BYTES = LWE_DIMENSION * 4;
/** The memory: secret, results, rows. */
const OUT_OFFSET = ROW_BYTES;
const ROWS_OFFSET = OUT_OFFSET + PANEL_ROWS * 4;

/** Computes the products of all rows in `rows`, one word each. */
export type InnerProducts = (rows: Int32Array, secret: Int32Array) => Int32Array;

let opened: Kernels | null | undefined;

/** One word for each row of `rows`. */
export const innerProducts: InnerProducts = (rows, secret) => {
  const kernels = (opened ??= openOwnKernels());
  if (kernels === null) return plainInnerProducts(rows, secret);
  const memory = new Int32Array(kernels.memory.buffer);
  const out = new Int32Array(rows.length / LWE_DIMENSION);
  memory.set(secret);
  for (let first = 0; first < out.length; first += PANEL_ROWS) {
    const count = Math.min(PANEL_ROWS, out.length - first);
    memory.set(rows.subarray(first * LWE_DIMENSION, (first + count) * LWE_DIMENSION), ROWS_OFFSET / 4);
    kernels.inner(ROWS_OFFSET, count, LWE_DIMENSION, 0, OUT_OFFSET);
    out.set(memory.subarray(OUT_OFFSET / 4, OUT_OFFSET / 4 + count), first);
  }
  memory.fill(0, 0, ROWS_OFFSET / 4);
  return out;
};

/** The same without the kernel: its oracle in tests. Four sums keep the multipliers busy. */
export const plainInnerProducts: InnerProducts = (rows, secret) => {
  const out = new Int32Array(rows.length / LWE_DIMENSION);
  for (let i = 0, at = 0; i < out.length; i++) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let j = 0; j < LWE_DIMENSION; j += 4, at += 4) {
      a = (a + Math.imul(rows[at] ?? 0, secret[j] ?? 0)) | 0;
      b = (b + Math.imul(rows[at + 1] ?? 0, secret[j + 1] ?? 0)) | 0;
      c = (c + Math.imul(rows[at + 2] ?? 0, secret[j + 2] ?? 0)) | 0;
      d = (d + Math.imul(rows[at + 3] ?? 0, secret[j + 3] ?? 0)) | 0;
    }
    out[i] = (((a + b) | 0) + ((c + d) | 0)) | 0;
  }
  return out;
};

function openOwnKernels(): Kernels | null {
  const memory = createKernelMemory(ROWS_OFFSET + PANEL_ROWS * ROW_BYTES);
  return memory === null ? null : openKernels(memory);
}
