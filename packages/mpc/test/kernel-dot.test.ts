/** The kernels against the plain reference. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createKernelMemory, hasKernels, openKernels, type Kernels } from "../src/kernel/kernels.ts";
import { referenceDot } from "../src/lookup/reference-dot.ts";

/** Bytes and words with their extremes in every place. */
const BYTE = fc.oneof(fc.constantFrom(-128, 127, 0, -1, 1), fc.integer({ min: -128, max: 127 }));
const WORD = fc.oneof(
  fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_8000, 0x8000_0000, 0xffff_ffff),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);

const shape = fc.record({
  rows: fc.integer({ min: 0, max: 9 }).map((n) => n * 8),
  columns: fc.integer({ min: 0, max: 11 }),
});
const cases = shape.chain(({ rows, columns }) =>
  fc.record({
    bytes: fc.array(BYTE, { minLength: rows * columns, maxLength: rows * columns }),
    query: fc.array(WORD, { minLength: rows, maxLength: rows }),
    before: fc.array(WORD, { minLength: columns, maxLength: columns }),
  }),
);

function open(shared: boolean): Kernels {
  const memory = createKernelMemory(65_536, { shared });
  const kernels = memory === null ? null : openKernels(memory);
  if (kernels === null) throw new Error("this engine has no kernels");
  return kernels;
}

test.each([false, true])("dot1 adds the products of columns and query (shared memory: %s)", (shared) => {
  expect(hasKernels()).toBe(true);
  const kernels = open(shared);
  const { buffer } = kernels.memory;
  fc.assert(
    fc.property(cases, ({ bytes, query, before }) => {
      const [rows, columns] = [query.length, before.length];
      const stride = rows + 16;
      const [data, halves, out] = [64, 16_384, 32_768];
      new Uint8Array(buffer).fill(0x55);
      const rowMajor = new Int8Array(bytes);
      const columnMajor = new Int8Array(buffer, data);
      for (let c = 0; c < columns; c++)
        for (let r = 0; r < rows; r++) columnMajor[c * stride + r] = rowMajor[r * columns + c] ?? 0;
      const lanes = new Int16Array(buffer, halves);
      for (const [r, word] of query.entries()) {
        const low = (word << 16) >> 16;
        lanes[(r >> 3) * 16 + (r & 7)] = low;
        lanes[(r >> 3) * 16 + 8 + (r & 7)] = (word - low) >> 16;
      }
      const words = new Uint32Array(buffer, out);
      words.set(before);
      kernels.dot1(data, stride, rows, columns, halves, out);
      const expected = referenceDot(rowMajor, columns, Uint32Array.from(query)).map(
        (word, c) => word + (before[c] ?? 0),
      );
      expect(words.slice(0, columns)).toEqual(expected);
      expect(words[columns]).toBe(0x5555_5555);
    }),
  );
});

test("memory beyond 32-bit addresses is refused with a code", () => {
  expect(() => createKernelMemory(2 ** 32 + 1)).toThrow(expect.objectContaining({ code: "ERR_LOOKUP_TABLE" }));
});
