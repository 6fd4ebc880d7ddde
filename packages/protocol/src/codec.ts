/** Readers and writers for the binary messages, in the presentation language of RFC 8446 §3:
 *  big-endian integers, `opaque name<0..max>` with a length prefix wide enough for `max`.
 *  Every read is bounded; a message with bytes left over is malformed.
 *  @module */
import { concatBytes, type Bytes } from "./bytes.ts";
import { SluiceError } from "./errors.ts";

function prefixBytes(maxLength: number): 1 | 2 | 3 | 4 {
  if (maxLength < 2 ** 8) return 1;
  if (maxLength < 2 ** 16) return 2;
  return maxLength < 2 ** 24 ? 3 : 4;
}

/** Appends fields and yields the message. */
export class ByteWriter {
  readonly #parts: Bytes[] = [];

  /** An unsigned integer of `width` bytes, big-endian. @throws ERR_FRAME_MALFORMED when it does not fit. */
  uint(value: number, width: 1 | 2 | 3 | 4): this {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width)) {
      throw new SluiceError("ERR_FRAME_MALFORMED", { field: "uint", expected: `below 2^${8 * width}` });
    }
    const bytes = new Uint8Array(width);
    let rest = value;
    for (let i = width - 1; i >= 0; i--) {
      bytes[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    this.#parts.push(bytes);
    return this;
  }

  /** Exactly these bytes, without a length. */
  fixed(bytes: Bytes): this {
    this.#parts.push(bytes);
    return this;
  }

  /** `opaque name<0..maxLength>`. @throws ERR_FRAME_TOO_LARGE */
  opaque(bytes: Bytes, maxLength: number): this {
    if (bytes.length > maxLength) {
      throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: bytes.length, maxBytes: maxLength });
    }
    return this.uint(bytes.length, prefixBytes(maxLength)).fixed(bytes);
  }

  /** The message so far. */
  finish(): Bytes {
    return concatBytes(...this.#parts);
  }
}

/** Takes fields off the front of one message. Views share memory with the message. */
export class ByteReader {
  readonly #bytes: Bytes;
  #offset = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** @throws ERR_FRAME_MALFORMED when the message ends early. */
  uint(width: 1 | 2 | 3 | 4): number {
    let value = 0;
    for (const byte of this.fixed(width)) value = value * 256 + byte;
    return value;
  }

  /** The next `length` bytes. @throws ERR_FRAME_MALFORMED when the message ends early. */
  fixed(length: number): Bytes {
    if (length > this.remaining) {
      throw new SluiceError("ERR_FRAME_MALFORMED", { field: "length", expected: `${length} bytes` });
    }
    const view = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return view;
  }

  /** `opaque name<0..maxLength>`. @throws ERR_FRAME_TOO_LARGE, ERR_FRAME_MALFORMED */
  opaque(maxLength: number): Bytes {
    const length = this.uint(prefixBytes(maxLength));
    if (length > maxLength) throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: length, maxBytes: maxLength });
    return this.fixed(length);
  }

  /** Ends the message. @throws ERR_FRAME_MALFORMED when bytes are left. */
  end(): void {
    if (this.remaining !== 0) {
      throw new SluiceError("ERR_FRAME_MALFORMED", { field: "end", expected: "no bytes left" });
    }
  }
}
