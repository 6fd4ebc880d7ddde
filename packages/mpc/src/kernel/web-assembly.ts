/** The part of the WebAssembly API that the kernels use; neither Node's types nor ECMAScript's declare it.
 *  @see https://webassembly.github.io/threads/js-api/
 *  @module */

/** A page of WebAssembly memory. */
export const PAGE_BYTES = 65_536;
/** Most pages of a memory with 32-bit addresses: 4 GiB. */
export const MAX_PAGES = 65_536;

/** A `WebAssembly.Memory`. A shared one can be given to threads. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  grow(pages: number): number;
}

interface WebAssemblyApi {
  readonly Memory: new (limits: { initial: number; maximum?: number; shared?: boolean }) => KernelMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

/** Undefined where an engine has none, as under a policy that forbids it. */
export function webAssembly(): WebAssemblyApi | undefined {
  return (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
}
