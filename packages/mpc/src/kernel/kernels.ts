/** Opens the kernels over a memory. They are compiled from packages/mpc/wasm; an engine that refuses them, for want of
 *  SIMD or by a policy against WebAssembly, gets null, and its caller takes the plain reference instead and says so.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { PLAIN_KERNEL, SHARED_KERNEL } from "./kernel-bytes.ts";
import { MAX_PAGES, PAGE_BYTES, webAssembly, type KernelMemory } from "./web-assembly.ts";

/** The kernels, over one memory. Arguments are byte offsets, lengths in what they count; a caller keeps them inside. */
export interface Kernels {
  readonly memory: KernelMemory;
  /** See assembly/dot1.ts: `columns` words at `out` grow by the products of the columns with the query. */
  dot1(data: number, stride: number, rows: number, columns: number, query: number, out: number): void;
  /** See assembly/dot4.ts: four queries, four words at `out` for each column. */
  dot4(data: number, stride: number, rows: number, columns: number, queries: number, out: number): void;
  /** See assembly/hint.ts. */
  hint(
    panel: number,
    pairs: number,
    blocks: number,
    data: number,
    stride: number,
    columns: number,
    out: number,
    outStride: number,
  ): void;
  /** See assembly/pack.ts, like the next three: rows of bytes as columns of bytes. */
  columnsOf8(from: number, rowStride: number, rows: number, columns: number, to: number, columnStride: number): void;
  /** Rows of bytes as columns of 16-bit numbers. */
  columnsOf16(from: number, rowStride: number, rows: number, columns: number, to: number, columnStride: number): void;
  /** Rows of A as `hint` reads them. */
  halvesOfPairs(from: number, pairs: number, words: number, to: number): void;
  /** Queries as `dot1` and `dot4` read them. */
  halvesOfQueries(from: number, queryStride: number, queries: number, rows: number, to: number): void;
  /** See assembly/read.ts: reads four times `bytes`, for measurements. */
  read(data: number, bytes: number, out: number): void;
  /** See assembly/inner.ts: `count` words at `out` are set to the products of the rows with the vector. */
  inner(rows: number, count: number, words: number, vector: number, out: number): void;
}

type KernelFunctions = Omit<Kernels, "memory">;

/** WebAssembly's memory is; typed arrays over it are so only where the machine is. */
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const modules = new Map<string, object>();

/** Instantiates the kernels over `memory`: do so once for each memory and thread. Null where the engine has none. */
export function openKernels(memory: KernelMemory): Kernels | null {
  const wasm = webAssembly();
  const module = moduleOf(isShared(memory.buffer) ? SHARED_KERNEL : PLAIN_KERNEL);
  if (wasm === undefined || module === null) return null;
  const exported = new wasm.Instance(module, { env: { memory } }).exports as KernelFunctions;
  return { ...exported, memory };
}

/** Whether this engine runs the kernels: it has WebAssembly with SIMD. */
export function hasKernels(): boolean {
  return moduleOf(PLAIN_KERNEL) !== null;
}

/** Memory of at least `bytes`, zeros; null where the engine has none.
 *  @throws ERR_LOOKUP_TABLE when 32-bit addresses do not reach so far or the machine refuses it. */
export function createKernelMemory(bytes: number, { shared = false } = {}): KernelMemory | null {
  const wasm = webAssembly();
  if (wasm === undefined) return null;
  const pages = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
  if (pages > MAX_PAGES) throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "its database needs more than 4 GiB" });
  try {
    return new wasm.Memory(shared ? { initial: pages, maximum: pages, shared } : { initial: pages });
  } catch (cause) {
    throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "this machine has no memory for its database" }, { cause });
  }
}

function isShared(buffer: ArrayBuffer | SharedArrayBuffer): boolean {
  return typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
}

/** Compiled once: engines keep the optimised code with the module. */
function moduleOf(base64: string): object | null {
  const known = modules.get(base64);
  if (known !== undefined) return known;
  const wasm = webAssembly();
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  if (wasm === undefined || !LITTLE_ENDIAN || !wasm.validate(bytes)) return null;
  try {
    const module = new wasm.Module(bytes);
    modules.set(base64, module);
    return module;
  } catch {
    // A page whose policy has no 'wasm-unsafe-eval' may validate, and not compile.
    return null;
  }
}
