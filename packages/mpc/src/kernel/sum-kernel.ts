/** Opens the kernel that sums elements of a group, over a memory of its own. It is the server's, and lies apart from the kernels
 *  that a client needs too.
 *  @module */
import { SUM_KERNEL } from "./sum-kernel-bytes.ts";
import { PAGE_BYTES, webAssembly } from "./web-assembly.ts";

/** Functions of assembly/element-sum.ts; arguments are byte offsets in `bytes`, counts and bits. */
export interface SumKernel {
  readonly bytes: Uint8Array;
  sumConstants(constants: number, encoded: number): void;
  sumDecode(terms: number, elements: number, count: number, constants: number, scratch: number): number;
  sumWeighted(
    out: number,
    terms: number,
    weights: number,
    count: number,
    window: number,
    buckets: number,
    sum: number,
    constants: number,
    scratch: number,
  ): void;
}

/** The kernel with `sizeBytes` of memory; null where the engine has no WebAssembly. */
export function openSumKernel(sizeBytes: number): SumKernel | null {
  const wasm = webAssembly();
  if (wasm === undefined) return null;
  const code = Uint8Array.from(atob(SUM_KERNEL), (char) => char.charCodeAt(0));
  if (!wasm.validate(code)) return null;
  const memory = new wasm.Memory({ initial: Math.ceil(sizeBytes / PAGE_BYTES) });
  const { exports } = new wasm.Instance(new wasm.Module(code), { env: { memory } });
  return { ...(exports as Omit<SumKernel, "bytes">), bytes: new Uint8Array(memory.buffer) };
}
