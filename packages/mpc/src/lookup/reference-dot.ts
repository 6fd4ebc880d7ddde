/** Dᵀ · q modulo 2^32 in plain TypeScript: the oracle of the kernels, and the answer of engines that have none.
 *  @module */

/** `database` has `query.length` rows of `columns` signed bytes. One word per column. */
export function referenceDot(database: Int8Array, columns: number, query: Uint32Array): Uint32Array {
  const words = new Int32Array(query);
  const out = new Int32Array(columns);
  let row = 0;
  for (; row + 4 <= words.length; row += 4) addRows(out, words, row, database);
  for (; row < words.length; row++) addRow(out, words[row] ?? 0, database, row * columns);
  return new Uint32Array(out.buffer);
}

/** Four rows at a time: one load and one store of a sum for four products. */
function addRows(out: Int32Array, words: Int32Array, row: number, rows: Int8Array): void {
  const columns = out.length;
  const [q0 = 0, q1 = 0, q2 = 0, q3 = 0] = words.subarray(row, row + 4);
  let at = row * columns;
  for (let c = 0; c < columns; c++, at++) {
    const low = (Math.imul(q0, rows[at] ?? 0) + Math.imul(q1, rows[at + columns] ?? 0)) | 0;
    const high = (Math.imul(q2, rows[at + 2 * columns] ?? 0) + Math.imul(q3, rows[at + 3 * columns] ?? 0)) | 0;
    out[c] = ((out[c] ?? 0) + ((low + high) | 0)) | 0;
  }
}

function addRow(out: Int32Array, word: number, rows: Int8Array, offset: number): void {
  for (let c = 0; c < out.length; c++) out[c] = ((out[c] ?? 0) + Math.imul(word, rows[offset + c] ?? 0)) | 0;
}
