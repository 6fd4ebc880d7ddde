/** δ-presence of boxes: every count of the whole table is done again row by row.
 *  @module */
import type { ColumnBatch } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anonymize, type AnonymizedBatch } from "../src/index.ts";

interface Row {
  readonly at: readonly [number, number];
  readonly person: number;
}
const SLOW = process.env["SLOW"] === "1";
const NAMES = ["x", "y"] as const;

const batchOf = (rows: readonly Row[]): ColumnBatch => ({
  rowCount: rows.length,
  columns: {
    x: { type: "i32", values: Int32Array.from(rows, ({ at }) => at[0]) },
    y: { type: "f64", values: Float64Array.from(rows, ({ at }) => at[1]) },
  },
});
const personsIn = (rows: readonly Row[]): number => new Set(rows.map(({ person }) => person)).size;

/** Rows of `whole` in the smallest box around `own`. */
function around(own: readonly Row[], whole: readonly Row[]): Row[] {
  const ends = ([0, 1] as const).map((d) => {
    const values = own.map(({ at }) => at[d]);
    return [Math.min(...values), Math.max(...values)] as const;
  });
  return whole.filter(({ at }) => ends.every(([low, high], d) => (at[d] ?? 0) >= low && (at[d] ?? 0) <= high));
}

interface Asked {
  readonly k: number;
  readonly delta: { readonly min: number; readonly max: number };
  readonly repeat?: boolean;
}
const run = (sample: readonly Row[], whole: readonly Row[], { k, delta, repeat = false }: Asked) => {
  const subjects = (rows: readonly Row[]) => ({ subjects: Int32Array.from(rows, ({ person }) => person) });
  return anonymize(batchOf(sample), {
    quasi: NAMES,
    hierarchies: {},
    model: { algorithm: "mondrian", delta },
    k,
    suppressionLimit: 0,
    population: { batch: batchOf(whole), ...(repeat ? subjects(whole) : {}) },
    ...(repeat ? subjects(sample) : {}),
  });
};

const point = fc.record({
  at: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3 })),
  person: fc.integer({ min: 0, max: 15 }),
});
const cases = fc.record({
  sample: fc.array(point, { minLength: 1, maxLength: 24 }),
  others: fc.array(point, { maxLength: 40 }),
  k: fc.integer({ min: 1, max: 4 }),
  delta: fc.constantFrom(
    { min: 0, max: 0.5 },
    { min: 0, max: 0.75 },
    { min: 0.3, max: 1 },
    { min: 0.5, max: 1 },
    { min: 0.25, max: 0.8 },
    { min: 0.7, max: 1 },
  ),
  repeat: fc.boolean(),
});

test("random tables: every class shows a share within bounds, no box can be cut again, and what no cut mends is refused", async () => {
  const seen = { kept: 0, mended: 0, more: 0, less: 0 };
  await fc.assert(
    fc.asyncProperty(cases, async ({ sample: given, others, k, delta, repeat }) => {
      const numbered = (rows: readonly Row[], first: number): readonly Row[] =>
        repeat ? rows : rows.map((row, i) => ({ ...row, person: first + i }));
      const sample = numbered(given, 0);
      const whole = [...sample, ...numbered(others, 1_000)];
      const shareOf = (own: readonly Row[]): number => personsIn(own) / personsIn(around(own, whole));
      const keeps = (own: readonly Row[]): boolean =>
        personsIn(own) >= k && shareOf(own) >= delta.min && shareOf(own) <= delta.max;
      const found = await run(sample, whole, { k, delta, repeat }).catch((error: unknown) => error);
      if (!(found instanceof Object) || !("recoding" in found)) {
        expect(found).toMatchObject({ code: "ERR_SAMPLE_MODEL" });
        expect(keeps(sample)).toBe(false);
        seen[shareOf(sample) > delta.max ? "more" : "less"]++;
        return;
      }
      const { recoding, classes, batch, delta: figures } = found as AnonymizedBatch;
      if (recoding.kind !== "boxes") throw new TypeError("mondrian makes boxes");
      expect(batch.rowCount).toBe(sample.length);
      expect(shareOf(sample) > delta.max && !repeat).toBe(false);
      seen[keeps(sample) ? "kept" : "mended"]++;
      // Boxes by the cuts alone: rows of one leaf.
      const leafOf = ({ at }: Row): number => {
        let node = recoding.cuts[0];
        while (node !== undefined && "column" in node) {
          const rank = recoding.columns[node.column]?.values.indexOf(at[node.column] ?? 0) ?? 0;
          node = recoding.cuts[rank <= node.rank ? node.left : node.right];
        }
        return node?.box ?? 0;
      };
      const boxes = Map.groupBy(sample, leafOf);
      const shares = new Map<number, { shown: Row[]; whole: Row[] }>();
      for (const [box, own] of boxes) {
        expect(keeps(own)).toBe(true);
        const number = recoding.classOfBox[box] ?? -1;
        const known = shares.get(number) ?? { shown: [], whole: [] };
        shares.set(number, { shown: [...known.shown, ...own], whole: [...known.whole, ...around(own, whole)] });
        for (const d of [0, 1] as const) {
          for (const cut of new Set(own.map(({ at }) => at[d]))) {
            const [left, right] = [own.filter(({ at }) => at[d] <= cut), own.filter(({ at }) => at[d] > cut)];
            if (right.length > 0) expect(keeps(left) && keeps(right)).toBe(false);
          }
        }
      }
      expect(new Set(classes).size).toBe(shares.size);
      const all = [...shares.values()].map(({ shown, whole }) => personsIn(shown) / personsIn(whole));
      expect(figures?.min).toBeCloseTo(Math.min(...all), 9);
      expect(figures?.max).toBeCloseTo(Math.max(...all), 9);
    }),
    { numRuns: SLOW ? 1_000 : 300, seed: 17 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(SLOW ? 5 : 0);
});

const line = (...values: number[]): Row[] => values.map((x, i): Row => ({ at: [x, 0], person: i }));

test("a table that shows too little of the whole is cut so that its boxes leave out whom none of them shows", async () => {
  const sample = line(20, 20, 40, 40);
  const others = Array.from({ length: 10 }, (_, i): Row => ({ at: [30, 0], person: 100 + i }));
  const found = await run(sample, [...sample, ...others], { k: 2, delta: { min: 0.9, max: 1 } });
  expect([...(found.batch.columns["x"]?.values ?? [])]).toEqual([20, 20, 40, 40]);
  expect(found.delta).toEqual({ min: 1, max: 1 });
  // Two cuts, of which the first mends neither half.
  const three = line(20, 20, 40, 40, 60, 60, 80, 80);
  const between = [30, 50, 70].flatMap((x, d) =>
    Array.from({ length: 10 }, (_, i): Row => ({ at: [x, 0], person: 100 * (d + 1) + i })),
  );
  const cut = await run(three, [...three, ...between], { k: 2, delta: { min: 0.9, max: 1 } });
  expect(cut.recoding.classCount).toBe(4);
  const refused = run(sample, [...sample, ...others], { k: 3, delta: { min: 0.9, max: 1 } });
  await expect(refused).rejects.toMatchObject({ code: "ERR_SAMPLE_MODEL", details: { demands: "k, delta" } });
});

test("whole tables by distinct rows with weights are counted by their weights", async () => {
  const sample = line(20, 20, 40, 40);
  const weighed = (weights: number[]) =>
    anonymize(batchOf(sample), {
      quasi: NAMES,
      hierarchies: {},
      model: { algorithm: "mondrian", delta: { min: 0, max: 0.5 } },
      k: 2,
      suppressionLimit: 0,
      population: { batch: batchOf(line(20, 30, 40)), weights: Float64Array.from(weights) },
    });
  expect(await weighed([4, 0, 8])).toMatchObject({ delta: { min: 0.25, max: 0.5 }, recoding: { classCount: 2 } });
  expect(await weighed([2, 3, 3])).toMatchObject({ delta: { min: 0.5, max: 0.5 }, recoding: { classCount: 1 } });
  await expect(weighed([2, 2, 3])).rejects.toMatchObject({ code: "ERR_SAMPLE_MODEL" });
});
