/** The public LWE matrix A, rowsPerBucket × 1024 words modulo 2^32, expanded from a seed by AES-256-CTR as FrodoKEM
 *  does; client and server compute the same through WebCrypto. Row i is the 256 cipher blocks that start at
 *  counter 256 · i, as little-endian words.
 *  @module */
import { wordsOfBytes, type Bytes } from "@sluice/protocol";
import { LWE_DIMENSION } from "./lwe.ts";

const ROW_BYTES = LWE_DIMENSION * 4;
const BLOCKS_PER_ROW = ROW_BYTES / 16;

/** A WebCrypto key; the type has no global name without the DOM library. */
type AesKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Most bytes of expanded rows that a matrix keeps: enough for tables of about 400,000 records. */
export const MAX_KEPT_MATRIX_BYTES = 64 * 1_048_576;

/** Rows of A on demand. Panels that are asked again — a client expands the same rows for every query — are kept up to
 *  MAX_KEPT_MATRIX_BYTES; A is public, so nothing is to be wiped. */
export class LweMatrix {
  readonly #key: AesKey;
  readonly #kept = new Map<string, Uint32Array>();
  #keptBytes = 0;

  private constructor(key: AesKey) {
    this.#key = key;
  }

  /** @param seed 32 public bytes. */
  static async open(seed: Bytes): Promise<LweMatrix> {
    return new LweMatrix(
      await crypto.subtle.importKey("raw", new Uint8Array(seed), { name: "AES-CTR" }, false, ["encrypt"]),
    );
  }

  /** `count` rows from row `first`, one after another, kept for the next time. Do not write into them. */
  async keptRows(first: number, count: number): Promise<Uint32Array> {
    const name = `${first}+${count}`;
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const rows = await this.rows(first, count);
    if (this.#keptBytes + rows.byteLength <= MAX_KEPT_MATRIX_BYTES && !this.#kept.has(name)) {
      this.#kept.set(name, rows);
      this.#keptBytes += rows.byteLength;
    }
    return rows;
  }

  /** `count` rows from row `first`, one after another. */
  async rows(first: number, count: number): Promise<Uint32Array> {
    const counter = new Uint8Array(16);
    new DataView(counter.buffer).setBigUint64(8, BigInt(first) * BigInt(BLOCKS_PER_ROW));
    const stream = await crypto.subtle.encrypt(
      { name: "AES-CTR", counter, length: 64 },
      this.#key,
      new Uint8Array(count * ROW_BYTES),
    );
    return wordsOfBytes(new Uint8Array(stream));
  }
}
