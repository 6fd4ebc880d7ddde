/** The kernels of linear scoring against whole numbers of any size, by the rules of the page. @module */
import { SluiceError } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expandSeed, linearSum, readPolynomial, writePolynomial, DATA_PRIME } from "../../../test/wire-score-rules.ts";
import { addValues, centredSums } from "../src/he/linear/coefficients.ts";
import { expandedSeed, SEED_LIMIT, weightedSum } from "../src/he/linear/weighted-sum.ts";

const RING = 4_096;
const seeds = () => fc.uint8Array({ minLength: 64, maxLength: 64 });
const refused = (index: number, reason: string): SluiceError =>
  new SluiceError("ERR_SCORE_CIPHERTEXT", { index, reason });

function modulo(words: Uint8Array): BigUint64Array {
  return new BigUint64Array(words.slice().buffer).map((word) => word % DATA_PRIME);
}

test("seeds expand as SEAL expands them, also where words are replaced", () => {
  fc.assert(
    // Under a smaller limit one word of 256, or of 4, is replaced; under SEAL's one of 2^38.
    fc.property(seeds(), fc.constantFrom(SEED_LIMIT, 2n ** 64n - 2n ** 56n, 3n * 2n ** 62n), (seed, limit) => {
      expect(modulo(expandedSeed(seed, limit))).toEqual(expandSeed(seed, limit));
    }),
    { numRuns: 6 },
  );
});

const coefficient = () =>
  fc.oneof(
    fc.constantFrom(0n, 1n, DATA_PRIME - 1n, DATA_PRIME - 2n, DATA_PRIME / 2n, DATA_PRIME / 2n + 1n, 2n ** 32n - 1n),
    fc.bigInt({ min: 0n, max: DATA_PRIME - 1n }),
  );
const reduced = (value: bigint): bigint => ((value % DATA_PRIME) + DATA_PRIME) % DATA_PRIME;

test("the client's sums of coefficients are those of whole numbers, around zero and the prime", () => {
  const wholes = fc.oneof(
    fc.constantFrom(0, 1, -1, 2 ** 52, -(2 ** 52), 2 ** 32, -(2 ** 32), 2 ** 31),
    fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(coefficient(), coefficient(), wholes), { minLength: 1, maxLength: 20 }), (rows) => {
      const first = BigUint64Array.from(rows, ([value]) => value);
      const second = BigUint64Array.from(rows, ([, value]) => value);
      const bytes = writePolynomial(first);
      const sums = centredSums(bytes, writePolynomial(second));
      expect([...(sums ?? [])]).toEqual(
        rows.map(([a, b]) => {
          const sum = reduced(a + b);
          return Number(sum >= 2n ** 55n ? sum - DATA_PRIME : sum);
        }),
      );
      addValues(
        bytes,
        Float64Array.from(rows, ([, , whole]) => whole / 8),
        8,
      );
      expect([...readPolynomial(bytes)]).toEqual(rows.map(([a, , whole]) => reduced(a + BigInt(whole))));
    }),
    { numRuns: 200 },
  );
});

test("sums of columns are those of whole numbers, at the extremes of coefficients and weights", () => {
  const cases = fc.integer({ min: 1, max: 3 }).chain((features) =>
    fc.record({
      columns: fc.array(fc.record({ seed: seeds(), c0: fc.array(coefficient(), { minLength: 5, maxLength: 5 }) }), {
        minLength: features,
        maxLength: features,
      }),
      // Magnitudes add up to 2^34 at most.
      weights: fc.array(
        fc.oneof(
          fc.constantFrom(Math.floor(2 ** 34 / features), -Math.floor(2 ** 34 / features), 1, -1),
          fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
        ),
        { minLength: features, maxLength: features },
      ),
      intercept: fc.constantFrom(0, 2 ** 54, -(2 ** 54), 1, -1),
    }),
  );
  fc.assert(
    fc.property(cases, ({ columns, weights, intercept }) => {
      fc.pre(weights.some((weight) => weight !== 0));
      const sent = columns.map(({ seed, c0 }) => ({ seed, c0: writePolynomial(BigUint64Array.from(c0)) }));
      const { c0, c1 } = weightedSum(sent, weights, intercept, refused);
      const whole = weights.map(BigInt);
      const first = columns.map((column) => BigUint64Array.from(column.c0));
      expect(readPolynomial(c0)).toEqual(linearSum(first, whole, BigInt(intercept)));
      const masks = columns.map(({ seed }) => expandSeed(seed));
      expect(readPolynomial(c1)).toEqual(linearSum(masks, whole, 0n));
    }),
    { numRuns: 8 },
  );
});

test("one coefficient at the prime is refused, and the largest below it is not", () => {
  const column = (value: bigint) => ({
    seed: new Uint8Array(64),
    c0: writePolynomial(BigUint64Array.from({ length: RING }, (_, i) => (i === RING - 1 ? value : 0n))),
  });
  const sum = (value: bigint) => weightedSum([column(0n), column(value)], [1, 0], 0, refused);
  expect(sum(DATA_PRIME - 1n).c0).toHaveLength(RING * 7);
  for (const value of [DATA_PRIME, DATA_PRIME + 1n, 2n ** 56n - 1n]) {
    expect(() => sum(value)).toThrow(expect.objectContaining({ details: { index: 1, reason: "it does not load" } }));
  }
});
