/** Opens the kernel of the oblivious PRF, over a memory of its own. It lies apart from the other kernels, which are needed without it.
 *  @module */
import { OPRF_KERNEL } from "./oprf-kernel-bytes.ts";
import { PAGE_BYTES, webAssembly } from "./web-assembly.ts";

/** Functions of assembly/oprf-list.ts and assembly/element-sum.ts; arguments are byte offsets in `bytes`, counts and bits. */
export interface OprfKernel {
  readonly bytes: Uint8Array<ArrayBuffer>;
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
  oprfTable(table: number, element: number, work: number, constants: number, scratch: number): void;
  oprfBlind(
    out: number,
    uniform: number,
    scalars: number,
    count: number,
    table: number,
    work: number,
    constants: number,
    scratch: number,
  ): void;
  oprfUnblind(
    out: number,
    terms: number,
    scalars: number,
    count: number,
    table: number,
    work: number,
    constants: number,
    scratch: number,
  ): void;
  oprfStates(states: number, zeros: number, rounds: number, work: number): void;
  oprfHash(out: number, message: number, bytes: number, states: number, rounds: number, work: number): void;
  oprfExpand(
    out: number,
    message: number,
    bytes: number,
    suffixBytes: number,
    states: number,
    rounds: number,
    work: number,
  ): void;
}

let compiled: object | null | undefined;

/** The kernel with `sizeBytes` of memory; null where the engine has no WebAssembly with SIMD. */
export function openOprfKernel(sizeBytes: number): OprfKernel | null {
  const wasm = webAssembly();
  if (wasm === undefined) return null;
  if (compiled === undefined) {
    const code = Uint8Array.from(atob(OPRF_KERNEL), (char) => char.charCodeAt(0));
    compiled = wasm.validate(code) ? new wasm.Module(code) : null;
  }
  if (compiled === null) return null;
  const memory = new wasm.Memory({ initial: Math.ceil(sizeBytes / PAGE_BYTES) });
  const { exports } = new wasm.Instance(compiled, { env: { memory } });
  return { ...(exports as Omit<OprfKernel, "bytes">), bytes: new Uint8Array(memory.buffer as ArrayBuffer) };
}
