/** The server side of one query: Dᵀ · q modulo 2^32 over every byte of the database, so that the memory trace and
 *  the time are the same whatever was asked.
 *
 *  Who learns what: the server sees an LWE ciphertext (see `lwe.ts`), so not the key and not hit or miss. The client
 *  learns sums of encrypted records and random slots; it opens the one whose OPRF output it holds. A client that
 *  sends any other vector learns other sums of the same pseudo-random bytes.
 *  @module */
import { SluiceError, type Bytes, type LookupParameters } from "@sluice/protocol";
import { checkParameters } from "./lwe.ts";
import { referenceDot } from "./reference-dot.ts";

/** A built index, ready to answer. Holds no secrets but the encrypted records; nothing to close. */
export class LookupDatabase {
  readonly parameters: LookupParameters;
  readonly #centred: Int8Array;

  private constructor(parameters: LookupParameters, database: Bytes) {
    this.parameters = parameters;
    this.#centred = new Int8Array(database.buffer, database.byteOffset, database.byteLength);
  }

  /** @param database as `buildIndex` returned it; must not change afterwards.
   *  @throws ERR_LOOKUP_TABLE, ERR_FRAME_MALFORMED when size and parameters contradict one another. */
  static open(parameters: LookupParameters, database: Bytes): LookupDatabase {
    checkParameters(parameters);
    if (database.length !== parameters.rowsPerBucket * parameters.buckets * parameters.recordBytes) {
      throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "the database has another size than its parameters say" });
    }
    return new LookupDatabase(parameters, database);
  }

  /** One word per column. @throws ERR_LOOKUP_QUERY when the query has another number of words than the index rows. */
  answer(query: Uint32Array): Uint32Array {
    const { rowsPerBucket, buckets, recordBytes } = this.parameters;
    if (query.length !== rowsPerBucket) {
      throw new SluiceError("ERR_LOOKUP_QUERY", { reason: `it needs ${rowsPerBucket} words` });
    }
    return referenceDot(this.#centred, buckets * recordBytes, query);
  }
}
