/** The kernels of set intersection over OT extension, over a memory of their own; in plain TypeScript where an engine has no
 *  WebAssembly with SIMD or a policy forbids it. Both roles use them, in Node and in browsers.
 *  @module */
import { PSI_KERNEL } from "./psi-kernel-bytes.ts";
import { plainPsi } from "./psi-plain.ts";
import { PAGE_BYTES, webAssembly } from "./web-assembly.ts";

/** Bytes that must lie behind whatever a function reads or writes: vectors run over. */
export const SLACK_BYTES = 80;
/** Bytes of a row of OT extension: 624 columns, filled up with zeros. */
export const CODE_ROW_BYTES = 80;

/** Functions of assembly/psi-*.ts. Arguments are byte offsets in `bytes`, counts and widths, and their caller sees to bounds. */
export interface PsiFunctions {
  /** See assembly/psi-sha.ts; `writeShaFrame` writes the frame. */
  sha256(
    out: number,
    digestBytes: number,
    heads: number,
    headChunks: number,
    tails: number,
    tailStride: number,
    tailChunks: number,
    frame: number,
    chunks: number,
    count: number,
  ): void;
  /** See assembly/psi-transpose.ts. */
  transpose(
    to: number,
    rowStride: number,
    from: number,
    columnStride: number,
    columns: number,
    rows: number,
    scratch: number,
  ): void;
  /** See assembly/psi-place.ts: hashes of keys, four words each. */
  hashKeys(out: number, seed: number, keys: number, count: number, purpose: number): void;
  /** Turns hashes into places: three rows and a dense word. */
  place(hashes: number, count: number, sparse: number, mask: number): void;
  /** See assembly/psi-peel.ts; returns the number of keys that peel. */
  peelPlaces(order: number, places: number, count: number, sparse: number, scratch: number): number;
  /** See assembly/psi-rows.ts, like the next two. */
  denseTables(tables: number, rows: number, width: number, groups: number): void;
  decode(out: number, stride: number, rows: number, width: number, tables: number, places: number, count: number): void;
  assign(
    rows: number,
    width: number,
    tables: number,
    places: number,
    values: number,
    order: number,
    count: number,
  ): void;
  /** See assembly/psi-code.ts. */
  addCode(
    to: number,
    stride: number,
    messages: number,
    messageStride: number,
    messageBytes: number,
    tables: number,
    count: number,
  ): void;
  /** Adds rows of 80 bytes, `fromStride` apart, to those at `to`, where the 80 bytes at `mask` have ones. */
  addMaskedRows(to: number, from: number, fromStride: number, mask: number, count: number): void;
  /** Adds each row to one of 256 buckets, by a byte of its choice. */
  addToBuckets(
    buckets: number,
    rows: number,
    width: number,
    choices: number,
    choiceStride: number,
    count: number,
  ): void;
  /** Copies the first `toStride` bytes, at most 80, of each row of 80; `to` may be `from`. */
  packRows(to: number, toStride: number, from: number, count: number): void;
  /** Adds bytes over GF(2). */
  xorBytes(to: number, from: number, bytes: number): void;
}

/** The functions with their memory. */
export interface PsiKernel extends PsiFunctions {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it is plain TypeScript. */
  readonly plain: boolean;
}

/** Compiled once: engines keep the optimised code with the module. */
let compiled: object | null | undefined;

/** A kernel with `sizeBytes` of memory beside the slack. */
export function openPsiKernel(sizeBytes: number): PsiKernel {
  const wasm = webAssembly();
  compiled ??= compile();
  if (wasm === undefined || compiled === null) return openPlainPsi(sizeBytes);
  const memory = new wasm.Memory({ initial: Math.ceil((sizeBytes + SLACK_BYTES) / PAGE_BYTES) });
  const { exports } = new wasm.Instance(compiled, { env: { memory } });
  return { ...(exports as PsiFunctions), bytes: new Uint8Array(memory.buffer as ArrayBuffer), plain: false };
}

/** Opens kernels one after another in the same memory, for work in one thread that is done before the next begins: memory that
 *  is fresh costs as much as the work. It is zeroed on `wipe`, and when a larger one takes its place, not between. */
export function reusedPsiKernel(open = openPsiKernel): {
  readonly open: typeof openPsiKernel;
  readonly wipe: () => void;
} {
  let kernel: PsiKernel | undefined;
  return {
    open(sizeBytes) {
      if (kernel !== undefined && kernel.bytes.length >= sizeBytes + SLACK_BYTES) return kernel;
      kernel?.bytes.fill(0);
      return (kernel = open(sizeBytes));
    },
    wipe() {
      kernel?.bytes.fill(0);
    },
  };
}

/** The same in plain TypeScript. */
export function openPlainPsi(sizeBytes: number): PsiKernel {
  const bytes = new Uint8Array(sizeBytes + SLACK_BYTES);
  return { ...plainPsi(bytes), bytes, plain: true };
}

function compile(): object | null {
  const wasm = webAssembly();
  const code = Uint8Array.from(atob(PSI_KERNEL), (char) => char.charCodeAt(0));
  if (wasm === undefined || !wasm.validate(code)) return null;
  try {
    return new wasm.Module(code);
  } catch {
    // A page whose policy has no 'wasm-unsafe-eval' may validate, and not compile.
    return null;
  }
}
