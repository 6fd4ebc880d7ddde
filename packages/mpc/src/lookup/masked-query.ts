/** What of an LWE query does not depend on the key: A · s + e, which hides a selection, and the hint's product with s, which decoding
 *  takes away again. It can be made before the key is known; it is used once, and the secret is gone when it is there.
 *  @module */
import { SluiceError, wordsOfBytes, type Random } from "@sluice/protocol";
import { sampleErrors } from "./gaussian.ts";
import { innerProducts } from "./inner-products.ts";
import { LWE_DIMENSION } from "./lwe.ts";
import type { LweMatrix } from "./matrix.ts";
import type { OpenedTable } from "./opened-table.ts";

/** Rows of A expanded at a time: 1 MiB. */
const PANEL_ROWS = 256;

/** Both vectors; whoever takes them wipes the masks. */
export interface QueryMasks {
  /** A · s + e, one word per row. */
  readonly query: Uint32Array;
  /** Hint · s, one word per column. */
  readonly masks: Int32Array;
}

/** A query without its selection. */
export class MaskedQuery {
  #held: QueryMasks | undefined;

  private constructor(held: QueryMasks) {
    this.#held = held;
  }

  /** Draws secret and errors at once, before it first waits, so that draws of several keep their order. */
  static async create(
    { parameters, matrix, hint }: Pick<OpenedTable, "parameters" | "matrix" | "hint">,
    random: Random,
  ): Promise<MaskedQuery> {
    const secretBytes = random.bytes(LWE_DIMENSION * 4);
    const secret = new Int32Array(wordsOfBytes(secretBytes).buffer);
    secretBytes.fill(0);
    try {
      const query = new Uint32Array(parameters.rowsPerBucket);
      // The errors lie in the query from the start, so there is no second copy to zero.
      sampleErrors(query, random);
      await addMatrixProduct(query, matrix, secret);
      return new MaskedQuery({ query, masks: innerProducts(hint, secret) });
    } finally {
      secret.fill(0);
    }
  }

  /** Gives both vectors away. @throws ERR_STATE when they were taken or discarded: a second selection would show the first */
  take(): QueryMasks {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) return held;
    throw new SluiceError("ERR_STATE", { kind: "query", name: "lookup", state: "used", needed: "new" });
  }

  /** Wipes a query that will not be used. */
  discard(): void {
    this.#held?.query.fill(0);
    this.#held?.masks.fill(0);
    this.#held = undefined;
  }
}

async function addMatrixProduct(query: Uint32Array, matrix: LweMatrix, secret: Int32Array): Promise<void> {
  for (let first = 0; first < query.length; first += PANEL_ROWS) {
    const count = Math.min(PANEL_ROWS, query.length - first);
    const rows = await matrix.keptRows(first, count);
    const products = innerProducts(new Int32Array(rows.buffer, rows.byteOffset, rows.length), secret);
    for (let i = 0; i < count; i++) query[first + i] = (query[first + i] ?? 0) + (products[i] ?? 0);
  }
}
