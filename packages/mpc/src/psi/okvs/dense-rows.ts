/** Combinations of the dense rows, from tables: one lookup for each eight of them.
 *  @module */
import type { Bytes } from "@sluice/protocol";

/** Sums of the subsets of eight rows, by their bits, `rowBytes` each. */
export type DenseTables = readonly Bytes[];

/** The tables of the dense rows that begin at `first` in `rows`. */
export function denseTables(rows: Bytes, first: number, dense: number, rowBytes: number): DenseTables {
  return Array.from({ length: Math.ceil(dense / 8) }, (_, group) => {
    const table = new Uint8Array(256 * rowBytes);
    for (let bits = 1; bits < 256; bits++) {
      const lowest = 31 - Math.clz32(bits & -bits);
      const row = first + (group * 8 + lowest) * rowBytes;
      const rest = (bits & (bits - 1)) * rowBytes;
      for (let b = 0; b < rowBytes; b++) table[bits * rowBytes + b] = (table[rest + b] ?? 0) ^ (rows[row + b] ?? 0);
    }
    return table;
  });
}

/** Adds the combination that a key's dense word names to the row of `to` at `at`. */
export function addDense(to: Bytes, at: number, tables: DenseTables, word: number, rowBytes: number): void {
  for (const [group, table] of tables.entries()) {
    const from = ((word >>> (8 * group)) & 255) * rowBytes;
    for (let b = 0; b < rowBytes; b++) to[at + b] = (to[at + b] ?? 0) ^ (table[from + b] ?? 0);
  }
}
