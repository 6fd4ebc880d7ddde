/** One LWE query: encrypts which three rows are summed, and reads the bucket of the answer.
 *
 *  Secret and errors are fresh for each query, drawn from the injected randomness; a secret used twice would give the
 *  difference of two selections away. The secret is gone before the query leaves: what decoding needs of it, its
 *  product with the hint, is computed first, and is zeroed when the answer is read or the query is discarded.
 *  Garbage is told from an answer by its noise in every column of every bucket: that test is the same for each key, so a
 *  server that spoils one bucket does not learn from an error which bucket was asked. It can still lie: see the
 *  receipt for who signed the answer.
 *  @module */
import { SluiceError, type Bytes, type LookupParameters, type Random } from "@sluice/protocol";
import { sampleErrors } from "./gaussian.ts";
import { LWE_DIMENSION, MAX_NOISE, SCALE_BITS } from "./lwe.ts";
import type { LweMatrix } from "./matrix.ts";
import type { OpenedTable } from "./opened-table.ts";
import type { Positions } from "./positions.ts";
import { wordsOfBytes } from "./words.ts";

/** Rows of A expanded at a time: 1 MiB. */
const PANEL_ROWS = 256;
const SCALE = 2 ** SCALE_BITS;

/** A query under way. */
export class PirQueryState {
  readonly #parameters: LookupParameters;
  /** Hint · secret, one word per column. */
  readonly #masks: Int32Array;
  #bucket: number | undefined;
  /** LWE ciphertext, one word per row. */
  readonly query: Uint32Array;

  private constructor(parameters: LookupParameters, masks: Int32Array, bucket: number, query: Uint32Array) {
    this.#parameters = parameters;
    this.#masks = masks;
    this.#bucket = bucket;
    this.query = query;
  }

  /** A · s + e + Δ · u, where u is 1 in the rows of `positions`. */
  static async create(
    { parameters, matrix, hint }: Pick<OpenedTable, "parameters" | "matrix" | "hint">,
    positions: Positions,
    random: Random,
  ): Promise<PirQueryState> {
    const secretBytes = random.bytes(LWE_DIMENSION * 4);
    const secret = new Int32Array(wordsOfBytes(secretBytes).buffer);
    secretBytes.fill(0);
    try {
      const query = new Uint32Array(parameters.rowsPerBucket);
      // The errors lie in the query from the start, so there is no second copy to zero.
      sampleErrors(query, random);
      await addMatrixProduct(query, matrix, secret);
      for (const row of positions.rows) query[row] = (query[row] ?? 0) + SCALE;
      return new PirQueryState(parameters, hintProduct(hint, secret), positions.bucket, query);
    } finally {
      secret.fill(0);
    }
  }

  /** The sum of the selected slots of the asked bucket. Works once; wipes what it holds in any case.
   *  @throws ERR_FRAME_MALFORMED when the answer has another length; ERR_LOOKUP_CORRUPT when it does not decode. */
  recover(answer: Uint32Array): Bytes {
    const bucket = this.#bucket;
    if (bucket === undefined) {
      throw new SluiceError("ERR_STATE", { kind: "query", name: "lookup", state: "finished", needed: "open" });
    }
    try {
      const { buckets, recordBytes } = this.#parameters;
      const columns = buckets * recordBytes;
      if (answer.length !== columns) {
        throw new SluiceError("ERR_FRAME_MALFORMED", { field: "answer", expected: `${columns} words` });
      }
      const record = new Uint8Array(recordBytes);
      let noisiest = 0;
      for (let c = 0; c < columns; c++) {
        const scaled = ((answer[c] ?? 0) - (this.#masks[c] ?? 0)) >>> 0;
        const byte = Math.round(scaled / SCALE) & 0xff;
        noisiest = Math.max(noisiest, Math.abs((scaled - byte * SCALE) | 0));
        const at = c - bucket * recordBytes;
        if (at >= 0 && at < recordBytes) record[at] = byte;
      }
      if (noisiest >= MAX_NOISE) throw new SluiceError("ERR_LOOKUP_CORRUPT");
      return record;
    } finally {
      this.discard();
    }
  }

  /** Wipes what a query holds that will not be finished. */
  discard(): void {
    this.#masks.fill(0);
    this.#bucket = undefined;
  }
}

async function addMatrixProduct(query: Uint32Array, matrix: LweMatrix, secret: Int32Array): Promise<void> {
  for (let first = 0; first < query.length; first += PANEL_ROWS) {
    const count = Math.min(PANEL_ROWS, query.length - first);
    const rows = new Int32Array((await matrix.keptRows(first, count)).buffer);
    for (let i = 0; i < count; i++) {
      query[first + i] = (query[first + i] ?? 0) + innerProduct(rows, i * LWE_DIMENSION, secret);
    }
  }
}

function hintProduct(hint: Int32Array, secret: Int32Array): Int32Array {
  const masks = new Int32Array(hint.length / LWE_DIMENSION);
  for (let c = 0; c < masks.length; c++) masks[c] = innerProduct(hint, c * LWE_DIMENSION, secret);
  return masks;
}

/** Inner product modulo 2^32 of `secret` with the words of `words` from `offset`. Four sums keep the multipliers busy. */
function innerProduct(words: Int32Array, offset: number, secret: Int32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let j = 0, at = offset; j < LWE_DIMENSION; j += 4, at += 4) {
    a = (a + Math.imul(words[at] ?? 0, secret[j] ?? 0)) | 0;
    b = (b + Math.imul(words[at + 1] ?? 0, secret[j + 1] ?? 0)) | 0;
    c = (c + Math.imul(words[at + 2] ?? 0, secret[j + 2] ?? 0)) | 0;
    d = (d + Math.imul(words[at + 3] ?? 0, secret[j + 3] ?? 0)) | 0;
  }
  return (((a + b) | 0) + ((c + d) | 0)) | 0;
}
