import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { Clusters as ClustersForm, type Clusters } from "@sluice/protocol";
import { createRng, type Matrix, kMeans, predict, toModel } from "../src/kit.ts";

function matrixOf(columns: readonly ArrayLike<number>[]): Matrix {
  return {
    rowCount: columns[0]?.length ?? 0,
    features: columns.map((_, j) => `x${j}`),
    columns: columns.map((values) => Float64Array.from(values)),
  };
}

/** Three clouds, of 300, 200 and 100 rows. */
function clouds(seed: number): { matrix: Matrix; of: number[] } {
  const rng = createRng(seed);
  const of = Array.from({ length: 600 }, (_, i) => (i < 300 ? 0 : i < 500 ? 1 : 2));
  const at = [
    [0, 0],
    [10, 1_000],
    [-10, 3_000],
  ];
  const column = (j: number) => of.map((cloud) => (at[cloud]?.[j] ?? 0) + (j === 0 ? 1 : 100) * rng.normal());
  return { matrix: matrixOf([column(0), column(1)]), of };
}

test("finds clouds that lie apart, with the means of their rows as centres", () => {
  const { matrix, of } = clouds(6);
  const fit = kMeans(matrix, { clusters: 3, seed: 4 });
  expect([...fit.sizes].sort((a, b) => a - b)).toEqual([100, 200, 300]);
  expect(fit.converged).toBe(true);
  const assigned = predict(fit, matrix);
  for (const [i, cloud] of of.entries()) expect(assigned[i]).toBe(assigned[of.indexOf(cloud)]);
  for (const [c, centre] of fit.centres.entries()) {
    for (const [j, column] of matrix.columns.entries()) {
      const own = [...column].filter((_, i) => assigned[i] === c);
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      expect((fit.means[j] ?? 0) + (centre[j] ?? 0) * (fit.scales[j] ?? 1)).toBeCloseTo(mean, 6);
    }
  }
  let inertia = 0;
  for (const [i, c] of assigned.entries()) {
    for (const [j, column] of matrix.columns.entries()) {
      inertia += (((column[i] ?? 0) - (fit.means[j] ?? 0)) / (fit.scales[j] ?? 1) - (fit.centres[c]?.[j] ?? 0)) ** 2;
    }
  }
  expect(fit.inertia).toBeCloseTo(inertia, 6);
});

test("the order of rows changes nothing but last digits", () => {
  const { matrix } = clouds(9);
  const rng = createRng(2);
  const order = Array.from({ length: matrix.rowCount }, (_, i) => [rng.uniform(), i] as const)
    .sort(([a], [b]) => a - b)
    .map(([, i]) => i);
  const shuffled = matrixOf(matrix.columns.map((column) => order.map((i) => column[i] ?? 0)));
  for (const clusters of [2, 5, 9]) {
    const [one, other] = [matrix, shuffled].map((rows) => kMeans(rows, { clusters, seed: 3, starts: 1 }));
    expect(other?.sizes).toEqual(one?.sizes);
    for (const [c, centre] of (one?.centres ?? []).entries()) {
      for (const [j, at] of centre.entries()) expect(other?.centres[c]?.[j]).toBeCloseTo(at, 9);
    }
  }
});

test("equal seeds give equal clusters, and more starts no worse ones", () => {
  const { matrix } = clouds(1);
  const options = { clusters: 7, seed: 11 } as const;
  expect(kMeans(matrix, options)).toEqual(kMeans(matrix, options));
  const single = kMeans(matrix, { ...options, starts: 1 });
  expect(kMeans(matrix, { ...options, starts: 6 }).inertia).toBeLessThanOrEqual(single.inertia);
  const others = [1, 2, 3, 4, 5].map((seed) => kMeans(matrix, { ...options, seed, starts: 1 }).inertia);
  expect(new Set(others).size).toBeGreaterThan(1);
});

test("centres start far from one another: every seed finds all clouds at once", () => {
  const { matrix } = clouds(3);
  for (let seed = 1; seed <= 20; seed++) {
    const { sizes } = kMeans(matrix, { clusters: 3, seed, starts: 1 });
    expect([...sizes].sort((a, b) => a - b)).toEqual([100, 200, 300]);
  }
});

test("a centre that loses its last row moves to the row that is furthest from its own", () => {
  const x = [3, 2, 2, 1, 0, 9, 6, 5, 3, 7, 4, 3, 4];
  const y = [4, 0, 7, 9, 9, 2, 2, 7, 0, 0, 5, 4, 8];
  const fit = kMeans(matrixOf([x, y]), { clusters: 5, seed: 1, starts: 1 });
  expect(Math.min(...fit.sizes)).toBeGreaterThan(0);
});

test("no centre is without rows, whatever the rows are", () => {
  const value = fc.integer({ min: 0, max: 9 });
  const rows = fc.array(fc.tuple(value, value), { minLength: 8, maxLength: 40 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 2, max: 8 }), fc.nat(99), (points, clusters, seed) => {
      const matrix = matrixOf([points.map(([x]) => x), points.map(([, y]) => y)]);
      const distinct = new Set(points.map(String)).size;
      if (distinct < clusters) {
        expect(() => kMeans(matrix, { clusters, seed })).toThrow("distinct rows");
        return;
      }
      const fit = kMeans(matrix, { clusters, seed, starts: 1 });
      expect(fit.centres.flat().every((at) => Number.isFinite(at))).toBe(true);
      expect(fit.sizes.reduce((sum, size) => sum + size, 0)).toBe(points.length);
      if (fit.converged && fit.iterations < 100) expect(Math.min(...fit.sizes)).toBeGreaterThan(0);
      expect(ClustersForm.parse(toModel(fit))).toEqual(toModel(fit));
    }),
    { numRuns: 300 },
  );
});

test("a fit is exported as clusters, and refuses a number of them that is none", () => {
  const { matrix } = clouds(1);
  expectTypeOf(toModel(kMeans(matrix, { clusters: 2 }))).toEqualTypeOf<Clusters>();
  for (const clusters of [1, 65, 2.5]) expect(() => kMeans(matrix, { clusters })).toThrow("2 to 64");
});
