/** The block ciphers under format-preserving encryption: AES (FIPS 197, keys of 128, 192 and 256 bits) and SM4
 *  (GB/T 32907-2016, 128 bits), whole batches of blocks at a time. FF1 chains nothing from one value to the next, so that
 *  one call for a batch takes what OpenSSL takes, not what a call takes.
 *  @module */
import { createCipheriv } from "node:crypto";
import type { Bytes } from "@sluice/protocol";

/** Bytes of a block of either cipher. */
export const BLOCK_BYTES = 16;

/** Name of a block cipher in a policy. */
export type BlockCipherName = "aes" | "sm4";

/** Lengths of keys in bytes. */
const KEY_BYTES: Readonly<Record<BlockCipherName, readonly number[]>> = { aes: [16, 24, 32], sm4: [16] };

/** A keyed permutation of blocks. The key is inside OpenSSL and in no property. */
export interface BlockCipher {
  /** Each block of `blocks` enciphered, in a buffer of its own. @throws RangeError when a block is not whole. */
  encrypt(blocks: Uint8Array): Uint8Array;
}

/** @throws RangeError when `key` has a length that the cipher has not. */
export function openBlockCipher(name: BlockCipherName, key: Bytes): BlockCipher {
  const lengths = KEY_BYTES[name];
  if (!lengths.includes(key.length)) throw new RangeError(`a key of ${name} has ${lengths.join(", ")} bytes`);
  const cipher = createCipheriv(name === "aes" ? `aes-${key.length * 8}-ecb` : "sm4-ecb", key, null);
  // Without padding, whole blocks come out as they go in: the one object serves every batch.
  cipher.setAutoPadding(false);
  return {
    encrypt: (blocks) => {
      if (blocks.length % BLOCK_BYTES !== 0) throw new RangeError(`expected whole blocks of ${BLOCK_BYTES} bytes`);
      return cipher.update(blocks);
    },
  };
}
