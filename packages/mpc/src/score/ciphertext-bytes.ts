/** Between SEAL's saved ciphertexts and the wire: SEAL 4.1 writes 113 bytes of metadata, each coefficient in 8 bytes and,
 *  for a fresh ciphertext, 17 bytes of metadata before the seed. The wire carries coefficients in 7 bytes and the seed.
 *  Metadata is taken from a ciphertext of our own, so a peer's parameters, sizes, compression and scale never reach
 *  SEAL's reader; SEAL still refuses a coefficient at or above the prime.
 *  @module */
import {
  SCORE_COEFFICIENT_BYTES,
  SCORE_POLYNOMIAL_BYTES,
  SCORE_RING,
  SCORE_SEED_BYTES,
  SluiceError,
  type Bytes,
  type ScoreCiphertext,
  type SeededCiphertext,
} from "@sluice/protocol";

/** struct { SealHeader header[16]; opaque parmsId[32]; uint8 isNttForm; uint64 size, degree, primes; float64 scale;
 *           uint64 correction; SealHeader dataHeader[16]; uint64 words; }, little-endian. */
const METADATA_BYTES = 113;
const SCALE_OFFSET = 73;
/** struct { SealHeader header[16]; uint8 generator; }, before the seed. */
const SEED_METADATA_BYTES = 17;
const WORD_BYTES = 8;
const POLYNOMIAL_WORDS_BYTES = SCORE_RING * WORD_BYTES;
const FRESH_BYTES = METADATA_BYTES + POLYNOMIAL_WORDS_BYTES + SEED_METADATA_BYTES + SCORE_SEED_BYTES;
const FULL_BYTES = METADATA_BYTES + 2 * POLYNOMIAL_WORDS_BYTES;

/** Reads and writes SEAL's bytes. The buffers it returns to SEAL are used again by the next call. */
export interface CiphertextBytes {
  /** What SEAL loads as a fresh ciphertext at `scale`. */
  widenFresh(ciphertext: SeededCiphertext, scale: number): Bytes;
  /** What SEAL loads as a computed ciphertext at `scale`. */
  widenFull(ciphertext: ScoreCiphertext, scale: number): Bytes;
  /** @throws ERR_INTERNAL when SEAL wrote something else than a fresh ciphertext of these parameters. */
  packFresh(saved: Bytes): SeededCiphertext;
  /** @throws ERR_INTERNAL when SEAL wrote something else than a ciphertext of two polynomials of these parameters. */
  packFull(saved: Bytes): ScoreCiphertext;
}

/** @param freshSample a fresh ciphertext of the parameters, as SEAL saves it without compression
 *  @param fullSample the same, loaded and saved again
 *  @throws ERR_INTERNAL when their layout is not the one above */
export function ciphertextBytes(freshSample: Bytes, fullSample: Bytes): CiphertextBytes {
  const fresh = Uint8Array.from(freshSample);
  const full = Uint8Array.from(fullSample);
  const seedAt = METADATA_BYTES + POLYNOMIAL_WORDS_BYTES;
  checkLayout(freshSample, fresh, FRESH_BYTES);
  checkLayout(fullSample, full, FULL_BYTES);
  return {
    widenFresh({ seed, c0 }, scale) {
      writeScale(fresh, scale);
      widen(c0, fresh, METADATA_BYTES);
      fresh.set(seed, seedAt + SEED_METADATA_BYTES);
      return fresh;
    },
    widenFull({ c0, c1 }, scale) {
      writeScale(full, scale);
      widen(c0, full, METADATA_BYTES);
      widen(c1, full, seedAt);
      return full;
    },
    packFresh(saved) {
      checkLayout(saved, fresh, FRESH_BYTES);
      return { c0: pack(saved, METADATA_BYTES), seed: saved.slice(seedAt + SEED_METADATA_BYTES) };
    },
    packFull(saved) {
      checkLayout(saved, full, FULL_BYTES);
      return { c0: pack(saved, METADATA_BYTES), c1: pack(saved, seedAt) };
    },
  };
}

/** Everything but the scale stands fixed in the metadata, up to the sizes. */
function checkLayout(saved: Bytes, sample: Bytes, length: number): void {
  const differs = (from: number, to: number) => sample.subarray(from, to).some((byte, i) => saved[from + i] !== byte);
  const view = viewOf(sample);
  const degree = view.getBigUint64(57, true);
  if (
    saved.length !== length ||
    degree !== BigInt(SCORE_RING) ||
    differs(0, SCALE_OFFSET) ||
    differs(SCALE_OFFSET + 8, METADATA_BYTES)
  ) {
    throw new SluiceError("ERR_INTERNAL", { reference: "score.layout" });
  }
}

function writeScale(bytes: Bytes, scale: number): void {
  viewOf(bytes).setFloat64(SCALE_OFFSET, scale, true);
}

/** Bytes 3 to 6 of a coefficient are read as one number whose lowest byte is already written. */
function widen(polynomial: Bytes, words: Bytes, offset: number): void {
  const source = viewOf(polynomial);
  const target = viewOf(words);
  for (let i = 0; i < SCORE_RING; i++) {
    const from = i * SCORE_COEFFICIENT_BYTES;
    const to = offset + i * WORD_BYTES;
    target.setUint32(to, source.getUint32(from, true), true);
    target.setUint32(to + 4, source.getUint32(from + 3, true) >>> 8, true);
  }
}

/** The eighth byte of a word is zero: the prime has 56 bits. */
function pack(words: Bytes, offset: number): Bytes {
  const polynomial = new Uint8Array(SCORE_POLYNOMIAL_BYTES);
  const source = viewOf(words);
  const target = viewOf(polynomial);
  for (let i = 0; i < SCORE_RING; i++) {
    const from = offset + i * WORD_BYTES;
    const to = i * SCORE_COEFFICIENT_BYTES;
    target.setUint32(to, source.getUint32(from, true), true);
    target.setUint32(to + 3, source.getUint32(from + 3, true), true);
  }
  return polynomial;
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
