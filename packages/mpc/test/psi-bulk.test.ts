/** Work on whole arrays: transposes, codes and combinations, in the kernel, in plain TypeScript and in used memory. @module */
import { expect, test } from "vitest";
import { openPlainPsi, openPsiKernel, reusedPsiKernel } from "../src/kernel/psi-kernel.ts";
import { codeRows, columnsOfRows, combineRows, rowsOfColumns } from "../src/psi/okvs/bulk.ts";
import { seededRandom } from "./seeded-random.ts";

const OPEN = [openPsiKernel, openPlainPsi];

test("columns of rows are the columns that the rows are of, in memory that is used again", () => {
  const reused = reusedPsiKernel();
  for (const open of [...OPEN, reused.open, reused.open]) {
    for (const rows of [128, 384, 256]) {
      const columns = seededRandom(rows).bytes(78 * rows);
      const matrix = rowsOfColumns(columns, rows, open);
      expect(Buffer.compare(columnsOfRows(matrix, rows, open), columns)).toBe(0);
      for (let row = 0; row < rows; row++)
        expect(matrix.subarray(80 * row + 78, 80 * row + 80)).toEqual(new Uint8Array(2));
      expect(() => rowsOfColumns(columns, rows - 1, open)).toThrow(RangeError);
      expect(() => columnsOfRows(columns, rows, open)).toThrow(RangeError);
    }
  }
});

/** In memory that others have used. */
const used = reusedPsiKernel();
used.open(100_000).bytes.fill(0xa5);

test("words of a code are the sums of the entries of their bytes, with zeros behind", () => {
  const tables = seededRandom(1).bytes(2 * 256 * 80);
  const messages = seededRandom(2).bytes(2 * 9);
  for (const open of [...OPEN, used.open]) {
    const words = codeRows(tables, messages, 2, 11, open);
    for (let i = 0; i < 9; i++) {
      const [one, other] = [0, 1].map((j) =>
        tables.subarray(80 * (256 * j + (messages[2 * i + j] ?? 0))).subarray(0, 80),
      );
      expect(words.subarray(80 * i, 80 * i + 80)).toEqual(one?.map((byte, b) => byte ^ (other?.[b] ?? 0)));
    }
    expect(words.subarray(720)).toEqual(new Uint8Array(160));
    expect(() => codeRows(tables, messages, 2, 8, open)).toThrow(RangeError);
    expect(() => codeRows(tables, messages, 3, 9, open)).toThrow(RangeError);
  }
});

test("combinations of rows are the sums of those that their bits choose, for any number of rows", () => {
  for (const open of [...OPEN, used.open]) {
    for (const [count, rowBytes] of [
      [0, 17],
      [1, 80],
      [300, 17],
      [513, 80],
    ] as const) {
      const rows = seededRandom(count).bytes(count * rowBytes);
      const choices = seededRandom(rowBytes).bytes(count * 16);
      const expected = new Uint8Array(128 * rowBytes);
      for (let row = 0; row < count; row++) {
        for (let bit = 0; bit < 128; bit++) {
          if ((((choices[16 * row + (bit >> 3)] ?? 0) >> (bit & 7)) & 1) === 0) continue;
          for (let b = 0; b < rowBytes; b++) {
            expected[bit * rowBytes + b] = (expected[bit * rowBytes + b] ?? 0) ^ (rows[row * rowBytes + b] ?? 0);
          }
        }
      }
      expect(Buffer.compare(combineRows(rows, rowBytes, count, choices, 16, open), expected)).toBe(0);
      expect(() => combineRows(rows, rowBytes, count + 1, choices, 16, open)).toThrow(RangeError);
    }
  }
});
