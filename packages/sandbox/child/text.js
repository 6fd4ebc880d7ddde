// @ts-check
/** Text in UTF-8: `TextEncoder` and `TextDecoder`, which libraries that read binary formats expect. No other encoding.
 *  @see https://encoding.spec.whatwg.org/ §8.1
 *  @module */

/**
 * Defines them on `target`.
 * @param {any} target
 */
export function giveText(target) {
  const { defineProperty, getOwnPropertyDescriptor } = Object;
  const { apply } = Reflect;
  const { fromCharCode } = String;
  const lengthOfBuffer = /** @type {any} */ (getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")).get;
  /** Units of text that are made at a time: arguments of one call. */
  const CHUNK = 4_096;
  const REPLACEMENT = 0xfffd;

  /** Bytes of a buffer or a view. @param {any} source */
  function bytesOf(source) {
    if (source === undefined) return new Uint8Array(0);
    if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    apply(lengthOfBuffer, source, []);
    return new Uint8Array(source);
  }

  class TextEncoder {
    get encoding() {
      return "utf-8";
    }

    encode(/** @type {any} */ text = "") {
      const bytes = new Uint8Array(3 * String(text).length);
      return bytes.slice(0, this.encodeInto(text, bytes).written);
    }

    encodeInto(/** @type {any} */ source, /** @type {Uint8Array} */ bytes) {
      const text = String(source);
      let read = 0;
      let written = 0;
      while (read < text.length) {
        let code = text.charCodeAt(read);
        let units = 1;
        if (code >= 0xd800 && code < 0xe000) {
          const low = code < 0xdc00 && read + 1 < text.length ? text.charCodeAt(read + 1) : 0;
          if (low >= 0xdc00 && low < 0xe000) {
            code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            units = 2;
          } else code = REPLACEMENT;
        }
        const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
        if (written + size > bytes.length) break;
        if (size === 1) bytes[written] = code;
        else {
          bytes[written] = ((0xf00 >> size) & 0xff) | (code >> (6 * (size - 1)));
          for (let i = 1; i < size; i++) bytes[written + i] = 0x80 | ((code >> (6 * (size - 1 - i))) & 0x3f);
        }
        written += size;
        read += units;
      }
      return { read, written };
    }
  }

  class TextDecoder {
    #fatal;
    #ignoreBom;
    /** Continuation bytes that are missing, of how many, and what they must lie between. */
    #needed = 0;
    #code = 0;
    #lower = 0x80;
    #upper = 0xbf;
    #started = false;

    constructor(label = "utf-8", /** @type {any} */ { fatal = false, ignoreBOM = false } = {}) {
      if (!/^[\t\n\f\r ]*(?:utf-?8|unicode-1-1-utf-8)[\t\n\f\r ]*$/i.test(label)) {
        throw new RangeError(`The "${label}" encoding is not supported`);
      }
      this.#fatal = Boolean(fatal);
      this.#ignoreBom = Boolean(ignoreBOM);
    }

    get encoding() {
      return "utf-8";
    }
    get fatal() {
      return this.#fatal;
    }
    get ignoreBOM() {
      return this.#ignoreBom;
    }

    decode(/** @type {any} */ source, { stream = false } = {}) {
      const bytes = bytesOf(source);
      const units = new Uint16Array(CHUNK + 2);
      let text = "";
      let count = 0;
      const push = (/** @type {number} */ code) => {
        const first = !this.#started;
        this.#started = true;
        if (first && code === 0xfeff && !this.#ignoreBom) return;
        if (code < 0x1_0000) units[count++] = code;
        else {
          units[count++] = 0xd800 + ((code - 0x1_0000) >> 10);
          units[count++] = 0xdc00 + (code & 0x3ff);
        }
        if (count < CHUNK) return;
        text += apply(fromCharCode, null, units.subarray(0, count));
        count = 0;
      };
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i] ?? 0;
        if (this.#needed === 0) {
          if (byte < 0x80) push(byte);
          else if (!this.#begin(byte)) push(this.#malformed());
        } else if (byte < this.#lower || byte > this.#upper) {
          push(this.#malformed());
          i--;
        } else {
          this.#code = (this.#code << 6) | (byte & 0x3f);
          this.#lower = 0x80;
          this.#upper = 0xbf;
          if (--this.#needed === 0) push(this.#code);
        }
      }
      if (!stream) {
        if (this.#needed > 0) push(this.#malformed());
        this.#started = false;
      }
      return text + apply(fromCharCode, null, units.subarray(0, count));
    }

    /** Whether `byte` begins a sequence. @param {number} byte */
    #begin(byte) {
      if (byte < 0xc2 || byte > 0xf4) return false;
      this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
      this.#code = byte & (0x3f >> this.#needed);
      if (byte === 0xe0) this.#lower = 0xa0;
      if (byte === 0xed) this.#upper = 0x9f;
      if (byte === 0xf0) this.#lower = 0x90;
      if (byte === 0xf4) this.#upper = 0x8f;
      return true;
    }

    #malformed() {
      this.#needed = 0;
      this.#lower = 0x80;
      this.#upper = 0xbf;
      if (!this.#fatal) return REPLACEMENT;
      this.#started = false;
      throw new TypeError("The encoded data was not valid for encoding utf-8");
    }
  }

  for (const [name, value] of Object.entries({ TextEncoder, TextDecoder })) {
    defineProperty(target, name, { value, writable: true, configurable: true });
  }
}
