/** Between SEAL's saved ciphertexts and the wire: SEAL 4.1 writes 113 bytes of metadata, each coefficient in 8 bytes and,
 *  for a fresh ciphertext, 17 bytes of metadata before the seed. The wire carries coefficients in as many bytes as their
 *  prime has, and the seed. Metadata is taken from a ciphertext of our own, so a peer's parameters, sizes, compression
 *  and scale never reach SEAL's reader; SEAL still refuses a coefficient at or above its prime.
 *  @module */
import { SluiceError, type Bytes, type SeededCiphertext } from "@sluice/protocol";

/** struct { SealHeader header[16]; opaque parmsId[32]; uint8 isNttForm; uint64 size, degree, primes; float64 scale;
 *           uint64 correction; SealHeader dataHeader[16]; uint64 words; }, little-endian. */
const METADATA_BYTES = 113;
const DEGREE_OFFSET = 57;
const PRIMES_OFFSET = 65;
const SCALE_OFFSET = 73;
/** struct { SealHeader header[16]; uint8 generator; }, before the seed. */
const SEED_METADATA_BYTES = 17;
const SEED_BYTES = 64;
const WORD_BYTES = 8;

/** What one polynomial looks like. */
export interface PolynomialLayout {
  readonly polyModulusDegree: number;
  /** Bytes of a coefficient on the wire, for each prime of the level. */
  readonly coefficientBytes: readonly number[];
}

/** A ciphertext of two polynomials on the wire: prime after prime, coefficient after coefficient. */
export type FullCiphertext = { c0: Bytes; c1: Bytes };

/** Reads and writes SEAL's bytes of one kind of ciphertext. `widen` uses its buffer again at the next call. */
export interface CiphertextBytes<T> {
  /** What SEAL loads, at `scale` for CKKS and 1 for BFV. */
  widen(ciphertext: T, scale: number): Bytes;
  /** @throws ERR_INTERNAL when SEAL wrote something else than this kind of ciphertext */
  pack(saved: Bytes): T;
}

/** Fresh ciphertexts, whose second polynomial is a seed.
 *  @param sample one of them, as SEAL saves it without compression
 *  @throws ERR_INTERNAL when its layout is not the one above */
export function freshBytes(layout: PolynomialLayout, sample: Bytes): CiphertextBytes<SeededCiphertext> {
  const own = Uint8Array.from(sample);
  const seedAt = METADATA_BYTES + wordsBytes(layout) + SEED_METADATA_BYTES;
  const check = checker(layout, own, seedAt + SEED_BYTES);
  check(own);
  return {
    widen({ seed, c0 }, scale) {
      writeScale(own, scale);
      widen(layout, c0, own, METADATA_BYTES);
      own.set(seed, seedAt);
      return own;
    },
    pack(saved) {
      check(saved);
      return { c0: pack(layout, saved, METADATA_BYTES), seed: saved.slice(seedAt) };
    },
  };
}

/** Computed ciphertexts of two polynomials, at the level of the sample.
 *  @param sample one of them, as SEAL saves it without compression
 *  @throws ERR_INTERNAL when its layout is not the one above */
export function fullBytes(layout: PolynomialLayout, sample: Bytes): CiphertextBytes<FullCiphertext> {
  const own = Uint8Array.from(sample);
  const second = METADATA_BYTES + wordsBytes(layout);
  const check = checker(layout, own, second + wordsBytes(layout));
  check(own);
  return {
    widen({ c0, c1 }, scale) {
      writeScale(own, scale);
      widen(layout, c0, own, METADATA_BYTES);
      widen(layout, c1, own, second);
      return own;
    },
    pack(saved) {
      check(saved);
      return { c0: pack(layout, saved, METADATA_BYTES), c1: pack(layout, saved, second) };
    },
  };
}

/** The polynomial of a plaintext in NTT form that SEAL saved without compression: its last bytes. */
export function packPlaintext(layout: PolynomialLayout, saved: Bytes): Bytes {
  return pack(layout, saved, saved.length - wordsBytes(layout));
}

/** Bytes of one polynomial on the wire. */
export function polynomialBytes({ polyModulusDegree, coefficientBytes }: PolynomialLayout): number {
  return coefficientBytes.reduce((sum, bytes) => sum + bytes * polyModulusDegree, 0);
}

function wordsBytes({ polyModulusDegree, coefficientBytes }: PolynomialLayout): number {
  return polyModulusDegree * coefficientBytes.length * WORD_BYTES;
}

/** Everything but the scale stands fixed in the metadata, up to the sizes. */
function checker(layout: PolynomialLayout, sample: Bytes, length: number): (saved: Bytes) => void {
  const differs = (saved: Bytes, from: number, to: number): boolean =>
    sample.subarray(from, to).some((byte, i) => saved[from + i] !== byte);
  return (saved) => {
    const view = viewOf(sample);
    if (
      saved.length !== length ||
      view.getBigUint64(DEGREE_OFFSET, true) !== BigInt(layout.polyModulusDegree) ||
      view.getBigUint64(PRIMES_OFFSET, true) !== BigInt(layout.coefficientBytes.length) ||
      differs(saved, 0, SCALE_OFFSET) ||
      differs(saved, SCALE_OFFSET + 8, METADATA_BYTES)
    ) {
      throw new SluiceError("ERR_INTERNAL", { reference: "he.layout" });
    }
  };
}

function writeScale(bytes: Bytes, scale: number): void {
  viewOf(bytes).setFloat64(SCALE_OFFSET, scale, true);
}

/** The last four bytes of a coefficient are read as one number, of which the lowest are already written. */
function widen(layout: PolynomialLayout, polynomial: Bytes, words: Bytes, offset: number): void {
  const source = viewOf(polynomial);
  const target = viewOf(words);
  let [from, to] = [0, offset];
  for (const bytes of layout.coefficientBytes) {
    const drop = 8 * (WORD_BYTES - bytes);
    for (let i = 0; i < layout.polyModulusDegree; i++) {
      target.setUint32(to, source.getUint32(from, true), true);
      target.setUint32(to + 4, source.getUint32(from + bytes - 4, true) >>> drop, true);
      from += bytes;
      to += WORD_BYTES;
    }
  }
}

/** The upper bytes of a word are zero: its prime has no more bits than `bytes` hold. */
function pack(layout: PolynomialLayout, words: Bytes, offset: number): Bytes {
  const polynomial = new Uint8Array(polynomialBytes(layout));
  const source = viewOf(words);
  const target = viewOf(polynomial);
  let [from, to] = [offset, 0];
  for (const bytes of layout.coefficientBytes) {
    for (let i = 0; i < layout.polyModulusDegree; i++) {
      target.setUint32(to, source.getUint32(from, true), true);
      target.setUint32(to + bytes - 4, source.getUint32(from + bytes - 4, true), true);
      from += WORD_BYTES;
      to += bytes;
    }
  }
  return polynomial;
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
