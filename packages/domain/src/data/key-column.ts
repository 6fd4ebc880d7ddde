/** The keys of a table as one string of bytes and where each ends: what millions of JavaScript strings would take several times
 *  over. Texts are made when they are asked for, and live no longer than their use.
 *  @module */
import { Buffer } from "node:buffer";
import { setImmediate as nextTurn } from "node:timers/promises";
import { SluiceError, type Bytes } from "@sluice/protocol";

/** Most bytes of the keys of one table: what the ends of keys, as 32-bit numbers, reach. */
export const MAX_KEY_COLUMN_BYTES = 2 ** 32 - 1;
/** Most bytes of UTF-8 that a unit of UTF-16 becomes. */
const MAX_BYTES_PER_UNIT = 3;
/** Keys between two turns of the event loop: some milliseconds. */
const KEYS_PER_TURN = 8_192;

/** Keys by row, in UTF-8. */
export class KeyColumn implements Iterable<string> {
  readonly length: number;
  readonly #bytes: Buffer;
  readonly #ends: Uint32Array;

  /** Key `row` ends at `ends[row]`, where the next begins. Takes both over. */
  constructor(bytes: Bytes, ends: Uint32Array) {
    this.length = ends.length;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#ends = ends;
  }

  /** The column of `keys`. @throws ERR_LOOKUP_TABLE as `KeyColumnBuilder` does */
  static of(keys: Iterable<string>): KeyColumn {
    const builder = new KeyColumnBuilder();
    for (const key of keys) builder.add(key);
    return builder.finish();
  }

  /** Bytes of all keys. */
  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** Key of a row that is there. */
  text(row: number): string {
    return this.#bytes.toString("utf8", this.#start(row), this.#ends[row]);
  }

  /** Its bytes; not a copy. */
  bytes(row: number): Bytes {
    return this.#bytes.subarray(this.#start(row), this.#ends[row]);
  }

  /** A number for the key of a row, the same for equal keys. Whoever makes keys on purpose finds some with one number: that makes a
   *  look-up slow, and never wrong. */
  hash(row: number): number {
    const end = this.#ends[row] ?? 0;
    let hash = 0x811c9dc5;
    for (let at = this.#start(row); at < end; at++) hash = Math.imul(hash ^ (this.#bytes[at] ?? 0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  /** Whether it is the key of row `otherRow` of `other`. */
  isEqual(row: number, other: KeyColumn, otherRow: number): boolean {
    const start = this.#start(row);
    const otherStart = other.#start(otherRow);
    const length = (this.#ends[row] ?? 0) - start;
    if (length !== (other.#ends[otherRow] ?? 0) - otherStart) return false;
    for (let i = 0; i < length; i++) if (this.#bytes[start + i] !== other.#bytes[otherStart + i]) return false;
    return true;
  }

  *[Symbol.iterator](): Generator<string> {
    for (let row = 0; row < this.length; row++) yield this.text(row);
  }

  #start(row: number): number {
    return row === 0 ? 0 : (this.#ends[row - 1] ?? 0);
  }
}

/** Collects the keys of a column, row after row. */
export class KeyColumnBuilder {
  #bytes = Buffer.alloc(2 ** 16);
  #ends = new Uint32Array(2 ** 12);
  #used = 0;
  #rows = 0;

  /** @throws ERR_LOOKUP_TABLE when all keys have more than MAX_KEY_COLUMN_BYTES */
  add(key: string): void {
    this.#reserve(MAX_BYTES_PER_UNIT * key.length);
    this.#end(this.#bytes.write(key, this.#used, "utf8"));
  }

  /** @throws ERR_LOOKUP_TABLE as `add` does */
  addBytes(key: Bytes): void {
    this.#reserve(key.length);
    this.#bytes.set(key, this.#used);
    this.#end(key.length);
  }

  finish(): KeyColumn {
    return new KeyColumn(new Uint8Array(this.#bytes.subarray(0, this.#used)), this.#ends.slice(0, this.#rows));
  }

  #reserve(length: number): void {
    const needed = this.#used + length;
    if (needed > MAX_KEY_COLUMN_BYTES) {
      const reason = `its keys have more than ${MAX_KEY_COLUMN_BYTES} bytes together`;
      throw new SluiceError("ERR_LOOKUP_TABLE", { reason });
    }
    if (needed > this.#bytes.length) {
      const grown = Buffer.alloc(Math.min(Math.max(needed, 2 * this.#bytes.length), MAX_KEY_COLUMN_BYTES));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    if (this.#rows === this.#ends.length) {
      const grown = new Uint32Array(2 * this.#ends.length);
      grown.set(this.#ends);
      this.#ends = grown;
    }
  }

  #end(length: number): void {
    this.#used += length;
    this.#ends[this.#rows++] = this.#used;
  }
}

/** Lets other work of the process have its turn, now and then, while rows are gone through. @throws ERR_CANCELLED */
export async function turnAfter(row: number, signal: AbortSignal | undefined): Promise<void> {
  if (row % KEYS_PER_TURN !== KEYS_PER_TURN - 1) return;
  await nextTurn();
  if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
}
