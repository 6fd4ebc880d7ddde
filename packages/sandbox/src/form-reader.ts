/** The canonical form of a run's output, field by field: the checker's half of `child/form.mjs`, which has the struct.
 *  Every read is bounded, there is one encoding of each value, and whatever is not that encoding is refused: what it
 *  reads may come from a decoder that user code took over.
 *  @module */
import { fromUtf8, SluiceError, type Bytes } from "@sluice/protocol";

/** "SLF" and the version of the form. */
const MAGIC = [0x53, 0x4c, 0x46, 1];

/** What a form holds. */
export const SHAPE = { refused: 0, released: 1, served: 2, manifest: 3 } as const;

/** High and low word of the one NaN. */
const NAN_WORDS = [0x7ff8_0000, 0] as const;

/** Takes the fields of one form off its front. */
export class FormReader {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  #offset = 0;

  /** @throws ERR_GUARD_OUTPUT when `form` does not start as a form does */
  constructor(form: Bytes) {
    this.#bytes = form;
    this.#view = new DataView(form.buffer, form.byteOffset, form.byteLength);
    for (const byte of MAGIC) if (this.u8() !== byte) throw malformed();
  }

  u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  /** A finite number; there is no negative zero. */
  f64(): number {
    const value = this.#view.getFloat64(this.#skip(8), true);
    if (!Number.isFinite(value) || Object.is(value, -0)) throw malformed();
    return value;
  }

  /** `count` finite numbers, or NaN, of which there is one; copied once. */
  column(count: number): Float64Array {
    const start = this.#skip(8 * count);
    const numbers = new Float64Array(this.#bytes.slice(start, start + 8 * count).buffer);
    const words = new Uint32Array(numbers.buffer);
    for (let row = 0; row < count; row++) {
      const number = numbers[row] ?? 0;
      if (Number.isFinite(number) ? Object.is(number, -0) : !isNaNOf(words, row)) throw malformed();
    }
    return numbers;
  }

  /** `count` codes below `limit`, or `other`; copied once. */
  codes(count: number, limit: number, other?: number): Bytes {
    const start = this.#skip(count);
    const codes = this.#bytes.slice(start, start + count);
    for (let row = 0; row < count; row++) {
      const code = codes[row] ?? 0;
      if (code >= limit && code !== other) throw malformed();
    }
    return codes;
  }

  /** Text of 1 to `maxChars` characters, unless `minChars` is 0. */
  text(maxChars: number, minChars = 1): string {
    const length = this.u16();
    const start = this.#skip(length);
    let text: string;
    try {
      text = fromUtf8(this.#bytes.subarray(start, start + length));
    } catch {
      throw malformed();
    }
    if (text.length < minChars || text.length > maxChars) throw malformed();
    return text;
  }

  /** @throws ERR_GUARD_OUTPUT when something is left */
  end(): void {
    if (this.#offset !== this.#bytes.length) throw malformed();
  }

  #skip(size: number): number {
    const start = this.#offset;
    if (size > this.#bytes.length - start) throw malformed();
    this.#offset = start + size;
    return start;
  }
}

function isNaNOf(words: Uint32Array, row: number): boolean {
  return words[2 * row + 1] === NAN_WORDS[0] && words[2 * row] === NAN_WORDS[1];
}

/** The refusal of bytes that no decoder of ours writes. */
export function malformed(): SluiceError {
  const details = { output: "all", rule: "decoder-form", change: "return what the job API returns" };
  return new SluiceError("ERR_GUARD_OUTPUT", details, { refusedBy: "guard" });
}
