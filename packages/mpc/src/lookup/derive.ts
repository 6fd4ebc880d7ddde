/** What follows from one OPRF output: where a record lies, and the key that opens it.
 *  Both depend on the index, so no (key, nonce) pair encrypts twice when a product is rebuilt with the same keys.
 *  @module */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8, type Bytes } from "@sluice/protocol";

/** Bytes of the AES-GCM tag behind every payload. */
export const TAG_BYTES = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
/** Bytes of a position seed. */
export const POSITION_BYTES = 32;
const INFO = utf8("sluice/lookup/record/v1");

/** Secrets of one key in one index. Wipe with `wipeRecordSecrets`. */
export interface RecordSecrets {
  /** Seed of bucket and filter positions. */
  readonly position: Bytes;
  /** AES-256-GCM key; used for one record only. */
  readonly key: Bytes;
  readonly nonce: Bytes;
}

/** HKDF-SHA-256 (RFC 5869) of `output`. */
export type Hkdf = (output: Bytes, salt: Bytes, info: Bytes, length: number) => Bytes;

const plainHkdf: Hkdf = (output, salt, info, length) => hkdf(sha256, output, salt, info, length);

/** HKDF-SHA-256 with the index's matrix seed, which is fresh for every build, as salt.
 *  @param output 64-byte OPRF output. @param compute what a server has that is faster */
export function deriveRecordSecrets(output: Bytes, matrixSeed: Bytes, compute: Hkdf = plainHkdf): RecordSecrets {
  const bytes = compute(output, matrixSeed, INFO, POSITION_BYTES + KEY_BYTES + NONCE_BYTES);
  return {
    position: bytes.subarray(0, POSITION_BYTES),
    key: bytes.subarray(POSITION_BYTES, POSITION_BYTES + KEY_BYTES),
    nonce: bytes.subarray(POSITION_BYTES + KEY_BYTES),
  };
}

/** Zeroes the secrets. */
export function wipeRecordSecrets(secrets: RecordSecrets): void {
  secrets.position.fill(0);
  secrets.key.fill(0);
  secrets.nonce.fill(0);
}
