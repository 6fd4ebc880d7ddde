/** The hint in plain TypeScript: the oracle of the kernel, and what engines without one compute with. Equal rows of D and A
 *  are taken eight at a time, so that those rows of A stay in the first cache level.
 *  @module */
import { bytesOfWords, type Bytes, type LookupParameters } from "@sluice/protocol";
import { pause } from "../cancel.ts";
import { LWE_DIMENSION } from "./lwe.ts";
import type { LweMatrix } from "./matrix.ts";

/** Rows of A expanded at a time: 512 KiB. */
const PANEL_ROWS = 128;
const BLOCK_ROWS = 8;

/** Bytes of the hint of `database`, little-endian words, column by column. @throws ERR_CANCELLED */
export async function referenceHint(
  parameters: Pick<LookupParameters, "buckets" | "rowsPerBucket" | "recordBytes">,
  database: Bytes,
  matrix: LweMatrix,
  signal?: AbortSignal,
): Promise<Bytes> {
  const columns = parameters.buckets * parameters.recordBytes;
  const centred = new Int8Array(database.buffer, database.byteOffset, database.byteLength);
  const hint = new Int32Array(columns * LWE_DIMENSION);
  for (let first = 0; first < parameters.rowsPerBucket; first += PANEL_ROWS) {
    const count = Math.min(PANEL_ROWS, parameters.rowsPerBucket - first);
    const words = await matrix.rows(first, count);
    // Padded with zero rows, so that the kernel always sees whole blocks.
    const panel = new Int32Array(Math.ceil(count / BLOCK_ROWS) * BLOCK_ROWS * LWE_DIMENSION);
    panel.set(words);
    for (let row = 0; row < count; row += BLOCK_ROWS) {
      const block = panel.subarray(row * LWE_DIMENSION, (row + BLOCK_ROWS) * LWE_DIMENSION);
      addBlock(hint, block, centred, (first + row) * columns, columns);
    }
    await pause(signal);
  }
  return bytesOfWords(new Uint32Array(hint.buffer));
}

/** Adds eight rows' products. Entries of `rows` past the database's end read as zero. */
function addBlock(hint: Int32Array, block: Int32Array, rows: Int8Array, offset: number, columns: number): void {
  const n = LWE_DIMENSION;
  for (let c = 0; c < columns; c++) {
    const at = offset + c;
    const d0 = rows[at] ?? 0;
    const d1 = rows[at + columns] ?? 0;
    const d2 = rows[at + 2 * columns] ?? 0;
    const d3 = rows[at + 3 * columns] ?? 0;
    const d4 = rows[at + 4 * columns] ?? 0;
    const d5 = rows[at + 5 * columns] ?? 0;
    const d6 = rows[at + 6 * columns] ?? 0;
    const d7 = rows[at + 7 * columns] ?? 0;
    const base = c * n;
    for (let j = 0; j < n; j++) {
      const low = (Math.imul(d0, block[j] ?? 0) + Math.imul(d1, block[j + n] ?? 0)) | 0;
      const second = (Math.imul(d2, block[j + 2 * n] ?? 0) + Math.imul(d3, block[j + 3 * n] ?? 0)) | 0;
      const third = (Math.imul(d4, block[j + 4 * n] ?? 0) + Math.imul(d5, block[j + 5 * n] ?? 0)) | 0;
      const fourth = (Math.imul(d6, block[j + 6 * n] ?? 0) + Math.imul(d7, block[j + 7 * n] ?? 0)) | 0;
      hint[base + j] = ((((hint[base + j] ?? 0) + low) | 0) + ((second + ((third + fourth) | 0)) | 0)) | 0;
    }
  }
}
