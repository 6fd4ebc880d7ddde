/** Randomness of the wire vectors, and what their snapshots have in common.
 *  @module */
import type { Bytes, LookupSnapshot, Random } from "@sluice/protocol";
import { createCipheriv, createHash } from "node:crypto";

/** Members that the snapshots of every form have. */
export type ServedIdentity = Pick<
  LookupSnapshot,
  "domain" | "product" | "version" | "grant" | "bundle" | "release" | "sealKey" | "at"
>;

/** Randomness that replays exactly: AES-256-CTR under the hash of a label. */
export function seeded(label: string): Random {
  const cipher = createCipheriv("aes-256-ctr", createHash("sha256").update(label).digest(), Buffer.alloc(16));
  return { bytes: (length) => new Uint8Array(cipher.update(Buffer.alloc(length))) };
}

/** The same, with a record of everything that was drawn. */
export function recorded(label: string): Random & { readonly drawn: Bytes[] } {
  const source = seeded(label);
  const drawn: Bytes[] = [];
  return {
    drawn,
    bytes(length) {
      const bytes = source.bytes(length);
      drawn.push(bytes.slice());
      return bytes;
    },
  };
}
