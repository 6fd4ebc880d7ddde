/** The hint by the kernel, beside plain TypeScript, on one core.
 *  @module */
import { randomBytes } from "node:crypto";
import { computeHint } from "../../packages/mpc/src/lookup/hint.ts";
import { LWE_DIMENSION } from "../../packages/mpc/src/lookup/lwe.ts";
import { LweMatrix } from "../../packages/mpc/src/lookup/matrix.ts";
import { referenceHint } from "../../packages/mpc/src/lookup/reference-hint.ts";
import { columnsOf, type DatabaseShape } from "../../packages/mpc/src/lookup/shared-database.ts";
import { compare, type Row } from "../suite.ts";

/** Half the columns and a tenth of the rows of an index of 3 million records. */
const SHAPE = { rowsPerBucket: 4096, buckets: 48, recordBytes: 80 };
/** Plain code takes a 24th of the columns, for the same time; its rate does not depend on their number. */
const PLAIN_SHAPE = { ...SHAPE, buckets: 2 };

/** Thousand millions of products of a byte and a word in a second, the expansion of the matrix included. */
export async function hintRow(pairs: number): Promise<Row> {
  const products = SHAPE.rowsPerBucket * columnsOf(SHAPE) * LWE_DIMENSION;
  const matrix = await LweMatrix.open(new Uint8Array(randomBytes(32)));
  const rate = (hint: typeof computeHint, shape: DatabaseShape) => {
    const bytes = shape.rowsPerBucket * columnsOf(shape);
    const database = new Uint8Array(randomBytes(bytes));
    return async (): Promise<number> => {
      const started = performance.now();
      await hint(shape, database, matrix);
      return (bytes * LWE_DIMENSION) / 1e6 / (performance.now() - started);
    };
  };
  const row = {
    name: "hint-build",
    n: products,
    unit: "GMAC/s",
    better: "higher",
    peer: "plain TypeScript",
    pairs,
  } as const;
  return await compare(row, rate(computeHint, SHAPE), rate(referenceHint, PLAIN_SHAPE));
}
