/** Hashes of a hidden selection. The commitment binds what it is made for, the key and all ciphertexts, which ElGamal lets be
 *  opened in one way only; a challenge binds the commitment, which proof it is, and what its prover committed to.
 *  No `node:` import: runs in Node and in browsers.
 *  @see https://eprint.iacr.org/2016/771 (Bernhard, Pereira, Warinschi: what happens when a statement is left out)
 *  @module */
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8, type Bytes, type Selection } from "@sluice/protocol";

const COMMITMENT = utf8("sluice hidden selection v1 commitment");
const CHALLENGE = utf8("sluice hidden selection v1 challenge");

// SHA-256 of struct { opaque label[37]; opaque statement[32]; opaque publicKey[32]; uint16 groups; opaque ciphertext[64] × groups; }
/** What a caller registers: 32 bytes. */
export function commitmentOf({
  statement,
  publicKey,
  ciphertexts,
}: Pick<Selection, "statement" | "publicKey" | "ciphertexts">): Bytes {
  return sha256(concatBytes(COMMITMENT, statement, publicKey, uint16(ciphertexts.length), ...ciphertexts));
}

// SHA-512 of struct { opaque label[36]; opaque commitment[32]; uint16 index; uint16 n; opaque commitments[64] × n; }, reduced
/** 64 bytes, which reduce to the challenge of a proof. @param index of the group; the number of groups for the total */
export function challengeBytes(commitment: Bytes, index: number, commitments: Bytes): Bytes {
  return sha512(concatBytes(CHALLENGE, commitment, uint16(index), uint16(commitments.length / 64), commitments));
}

function uint16(value: number): Bytes {
  return Uint8Array.of(value >> 8, value & 0xff);
}
