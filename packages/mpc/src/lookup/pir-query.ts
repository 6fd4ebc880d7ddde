/** One LWE query: encrypts which three rows are summed, and reads the bucket of the answer.
 *
 *  Secret and errors are fresh for each query, drawn from the injected randomness; a secret used twice would give the
 *  difference of two selections away. The secret is gone before the query leaves: what decoding needs of it, its
 *  product with the hint, is computed first, and is zeroed when the answer is read or the query is discarded.
 *  Garbage is told from an answer by its noise in every column of every bucket: that test is the same for each key, so a
 *  server that spoils one bucket does not learn from an error which bucket was asked. It can still lie: see the
 *  receipt for who signed the answer.
 *  @module */
import { SluiceError, type Bytes, type LookupParameters } from "@sluice/protocol";
import { MAX_NOISE, SCALE_BITS } from "./lwe.ts";
import type { MaskedQuery } from "./masked-query.ts";
import type { Positions } from "./positions.ts";

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

  /** A · s + e + Δ · u, where u is 1 in the rows of `positions`. @throws ERR_STATE when `masked` was used before */
  static select(parameters: LookupParameters, masked: MaskedQuery, positions: Positions): PirQueryState {
    const { query, masks } = masked.take();
    for (const row of positions.rows) query[row] = (query[row] ?? 0) + SCALE;
    return new PirQueryState(parameters, masks, positions.bucket, query);
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
