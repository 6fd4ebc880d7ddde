/** Opens the kernel of key-value filters over a memory that threads share. It is the server's, and lies apart from the kernels that a
 *  client needs too.
 *  @module */
import { FILTER_KERNEL } from "./filter-kernel-bytes.ts";
import { webAssembly, type KernelMemory } from "./web-assembly.ts";

/** Functions of assembly/filter.ts; arguments are byte offsets, counts and widths, and their caller sees to bounds. */
export interface FilterKernel {
  /** 1 when every key is peeled. */
  peel(keys: number, count: number, rows: number, rowCount: number, scratch: number): number;
  assign(first: number, stride: number, width: number, keys: number, count: number, rows: number): void;
  decode(out: number, first: number, stride: number, width: number, keys: number, count: number, rows: number): void;
}

/** The kernel over `memory`; null where the engine has no WebAssembly with SIMD and threads. */
export function openFilterKernel(memory: KernelMemory): FilterKernel | null {
  const wasm = webAssembly();
  if (wasm === undefined) return null;
  const code = Uint8Array.from(atob(FILTER_KERNEL), (char) => char.charCodeAt(0));
  if (!wasm.validate(code)) return null;
  return new wasm.Instance(new wasm.Module(code), { env: { memory } }).exports as FilterKernel;
}
