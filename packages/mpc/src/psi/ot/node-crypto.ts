/** Node's own functions of cryptography, without an import that a browser would follow.
 *  @module */
import type { createCipheriv, createHash } from "node:crypto";

/** Those that are used. */
export type NodeCrypto = { readonly createCipheriv: typeof createCipheriv; readonly createHash: typeof createHash };

/** Undefined where the platform is not Node. */
export function nodeCrypto(): NodeCrypto | undefined {
  const host = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  return host?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;
}
