/** Segments of a sealed stream: how each suite seals one, and how bytes are cut into them. Node only.
 *  @module */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { concatBytes, equalBytes, type Bytes } from "@sluice/protocol";

/** Random bytes at the start of each segment's nonce. */
export const NONCE_PREFIX_BYTES = 7;

/** Parameters of one construction. */
export interface SegmentSuite {
  /** Hash of the HKDF (RFC 5869) that makes a stream's keys. */
  readonly hkdfHash: string;
  /** Bytes of a stream's salt. */
  readonly saltBytes: number;
  /** Bytes of a sealed segment, header of the first and tag included. */
  readonly segmentBytes: number;
  readonly tagBytes: number;
  /** Bytes that the HKDF makes for one stream. */
  readonly keyBytes: number;
  /** `nonce` is 12 bytes and never used twice under one key. */
  seal(key: Bytes, nonce: Bytes, plaintext: Bytes): Bytes;
  /** The plaintext, or null when the segment was altered. */
  open(key: Bytes, nonce: Bytes, sealed: Bytes): Bytes | null;
}

type Sizes = Pick<SegmentSuite, "hkdfHash" | "segmentBytes">;

/** AES-GCM-HKDF streaming (Tink), an instance of STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, ePrint 2015/189 §7). */
export function aesGcm(cipher: "aes-128-gcm" | "aes-256-gcm", keyBytes: number, sizes: Sizes): SegmentSuite {
  const tagBytes = 16;
  return {
    ...sizes,
    saltBytes: keyBytes,
    tagBytes,
    keyBytes,
    seal(key, nonce, plaintext) {
      const sealing = createCipheriv(cipher, key, nonce);
      return concatBytes(sealing.update(plaintext), sealing.final(), sealing.getAuthTag());
    },
    open(key, nonce, sealed) {
      const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes });
      opening.setAuthTag(sealed.subarray(sealed.length - tagBytes));
      try {
        return concatBytes(opening.update(sealed.subarray(0, sealed.length - tagBytes)), opening.final());
      } catch {
        return null;
      }
    },
  };
}

/** CTR-HMAC streaming (Tink's AES-CTR-HMAC): encrypt, then MAC over nonce and ciphertext, under separate keys. */
export function ctrHmac(cipher: "aes-128-ctr" | "sm4-ctr", hmacHash: "sha256" | "sm3", sizes: Sizes): SegmentSuite {
  const [cipherKeyBytes, tagBytes, counterBytes] = [16, 32, 4];
  const transform = (key: Bytes, iv: Bytes, bytes: Bytes): Bytes => {
    const stream = createCipheriv(cipher, key.subarray(0, cipherKeyBytes), iv);
    return concatBytes(stream.update(bytes), stream.final());
  };
  const tagOf = (key: Bytes, iv: Bytes, ciphertext: Bytes): Bytes =>
    createHmac(hmacHash, key.subarray(cipherKeyBytes)).update(iv).update(ciphertext).digest();
  const ivOf = (nonce: Bytes): Bytes => concatBytes(nonce, new Uint8Array(counterBytes));
  return {
    ...sizes,
    saltBytes: cipherKeyBytes,
    tagBytes,
    keyBytes: cipherKeyBytes + tagBytes,
    seal(key, nonce, plaintext) {
      const iv = ivOf(nonce);
      const ciphertext = transform(key, iv, plaintext);
      return concatBytes(ciphertext, tagOf(key, iv, ciphertext));
    },
    open(key, nonce, sealed) {
      const iv = ivOf(nonce);
      const ciphertext = sealed.subarray(0, sealed.length - tagBytes);
      const valid = timingSafeEqual(tagOf(key, iv, ciphertext), sealed.subarray(sealed.length - tagBytes));
      return valid ? transform(key, iv, ciphertext) : null;
    },
  };
}

/** Header of a stream: `uint8 length; opaque salt[]; opaque noncePrefix[7]`. */
export function headerBytes(suite: SegmentSuite): number {
  return 1 + suite.saltBytes + NONCE_PREFIX_BYTES;
}

/** Seals or opens the segments of one stream in order; `null` for an altered one. */
export class SegmentStream {
  readonly #suite: SegmentSuite;
  readonly #key: Bytes;
  readonly #nonce: Bytes;
  #index = 0;

  /** @param header of the stream, checked for its length. @param info what the stream's keys are bound to */
  constructor(suite: SegmentSuite, secret: Bytes, header: Bytes, info: Bytes) {
    const salt = header.subarray(1, 1 + suite.saltBytes);
    this.#suite = suite;
    this.#key = new Uint8Array(hkdfSync(suite.hkdfHash, secret, salt, info, suite.keyBytes));
    this.#nonce = new Uint8Array(NONCE_PREFIX_BYTES + 5);
    this.#nonce.set(header.subarray(1 + suite.saltBytes));
  }

  /** Number of the segment that comes next. */
  get index(): number {
    return this.#index;
  }

  seal(plaintext: Bytes, last: boolean): Bytes {
    return this.#suite.seal(this.#key, this.#nextNonce(last), plaintext);
  }

  open(sealed: Bytes, last: boolean): Bytes | null {
    if (sealed.length < this.#suite.tagBytes) return null;
    return this.#suite.open(this.#key, this.#nextNonce(last), sealed);
  }

  /** `noncePrefix ‖ uint32 index ‖ uint8 last`: order, and the end, are part of what each tag covers. */
  #nextNonce(last: boolean): Bytes {
    if (this.#index >= 2 ** 32) throw new RangeError("a stream has at most 2^32 segments");
    const view = new DataView(this.#nonce.buffer);
    view.setUint32(NONCE_PREFIX_BYTES, this.#index++);
    view.setUint8(NONCE_PREFIX_BYTES + 4, last ? 1 : 0);
    return this.#nonce;
  }
}

/** A piece of a stream; `last` when nothing follows. */
export interface Piece {
  readonly bytes: Bytes;
  readonly last: boolean;
}

/** `source` in pieces of `nextSize()` bytes each, asked before a piece begins; the last may be shorter, and is empty only
 *  when it is the first. */
export async function* cut(source: AsyncIterable<Bytes>, nextSize: () => number): AsyncGenerator<Piece> {
  let piece = new Uint8Array(nextSize());
  let filled = 0;
  for await (const chunk of source) {
    for (let rest = chunk; rest.length > 0;) {
      if (filled === piece.length) {
        yield { bytes: piece, last: false };
        piece = new Uint8Array(nextSize());
        filled = 0;
      }
      const part = rest.subarray(0, piece.length - filled);
      piece.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
    }
  }
  yield { bytes: piece.subarray(0, filled), last: true };
}

/** Whether the header that was read has the length that it states. */
export function isHeader(header: Bytes, suite: SegmentSuite): boolean {
  return header.length === headerBytes(suite) && equalBytes(header.subarray(0, 1), Uint8Array.of(headerBytes(suite)));
}
