/** Opens the kernels of linear scoring over a memory of their own. They are the server's, and lie apart from the kernels that a
 *  client needs too.
 *  @module */
import { LINEAR_KERNEL } from "./linear-kernel-bytes.ts";
import { PAGE_BYTES, webAssembly } from "./web-assembly.ts";

/** Functions of assembly/linear-index.ts; arguments are byte offsets in `bytes`, counts, and whole numbers. */
export interface LinearKernel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  expandSeed(seed: number, parts: number, limit: bigint, orders: number, out: number, scratch: number): void;
  /** 0 when a coefficient is not below the prime. */
  addColumn(column: number, count: number, weight: number, sums: number): number;
  addMask(words: number, count: number, weight: number, sums: number): void;
  /** 0 when all results are zero. */
  reduceSums(sums: number, count: number, constant: number, out: number): number;
}

/** The kernels with `sizeBytes` of memory; null where the engine has no WebAssembly with SIMD. */
export function openLinearKernel(sizeBytes: number): LinearKernel | null {
  const wasm = webAssembly();
  if (wasm === undefined) return null;
  const code = Uint8Array.from(atob(LINEAR_KERNEL), (char) => char.charCodeAt(0));
  if (!wasm.validate(code)) return null;
  const memory = new wasm.Memory({ initial: Math.ceil(sizeBytes / PAGE_BYTES) });
  const { exports } = new wasm.Instance(new wasm.Module(code), { env: { memory } });
  return { ...(exports as Omit<LinearKernel, "bytes">), bytes: new Uint8Array(memory.buffer as ArrayBuffer) };
}
