/** Extraction of a model with a hidden layer, as docs/scoring-hidden.md says: what scores determine, to which resolution. @module */
import { formCoefficients, HIDDEN_ROWS, hiddenNoise, type SquareNetwork } from "@sluice/protocol";
import { expect, test } from "vitest";
import { HiddenClient } from "../src/he/hidden/client.ts";
import { scoreHidden } from "../src/he/hidden/server.ts";
import { hiddenProduct, networkOf, plainHidden } from "./hidden-product.ts";
import { seededRandom } from "./seeded-random.ts";

const RESOLUTION = 2 ** -6;

/** 1, the features and their products: what a quadratic form is a combination of. */
function monomials(row: readonly number[]): Float64Array {
  const extended = [1, ...row];
  return Float64Array.from(extended.flatMap((left, i) => extended.slice(i).map((right) => left * right)));
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

/** Least squares by normal equations and elimination. */
function solve(rows: readonly Float64Array[], scores: ArrayLike<number>): Float64Array {
  const unknowns = rows[0]?.length ?? 0;
  const a = Array.from({ length: unknowns }, () => new Float64Array(unknowns + 1));
  for (const [r, row] of rows.entries()) {
    for (const [i, own] of a.entries()) {
      const factor = row[i] ?? 0;
      for (let k = i; k < unknowns; k++) own[k] = (own[k] ?? 0) + factor * (row[k] ?? 0);
      own[unknowns] = (own[unknowns] ?? 0) + factor * (scores[r] ?? 0);
    }
  }
  for (const [i, own] of a.entries()) for (let k = 0; k < i; k++) own[k] = a[k]?.[i] ?? 0;
  for (const [i, pivot] of a.entries()) {
    for (const [k, row] of a.entries()) {
      if (k === i) continue;
      const times = (row[i] ?? 0) / (pivot[i] ?? 1);
      for (let c = i; c <= unknowns; c++) row[c] = (row[c] ?? 0) - times * (pivot[c] ?? 0);
    }
  }
  return Float64Array.from(a, (row, i) => (row[unknowns] ?? 0) / (row[i] ?? 1));
}

const columnsOf = (network: SquareNetwork, z: readonly number[][]): Record<string, Float64Array> =>
  Object.fromEntries(
    network.features.map(({ name, low, high }, i) => [
      name,
      Float64Array.from(z, (row) => (low + high) / 2 + ((high - low) / 2) * (row[i] ?? 0)),
    ]),
  );

/** Asks once for 8,192 rows, and gives the error of scores of other rows by the form that so many of them determine, in standard
 *  deviations of the noise. */
async function extraction(features: number, units: number, counts: readonly number[]): Promise<number[]> {
  const random = seededRandom(7);
  const next = () => new DataView(random.bytes(4).buffer).getInt32(0) / 2 ** 31;
  const network = networkOf(features, units, next);
  const product = await hiddenProduct(network, { resolution: RESOLUTION });
  const noise = hiddenNoise(product.parameters);
  expect(noise).toBeGreaterThanOrEqual(RESOLUTION);
  expect(noise).toBeLessThan(2 * RESOLUTION);
  const z = Array.from({ length: HIDDEN_ROWS }, () => network.features.map(next));
  const query = (await HiddenClient.open(product.parameters)).encrypt(columnsOf(network, z));
  const scores = query.finish(await scoreHidden(product, query.frame));
  const rows = z.map(monomials);
  const fresh = Array.from({ length: 500 }, () => network.features.map(next));
  const truth = plainHidden(product, columnsOf(network, fresh));
  return counts.map((count) => {
    const form = solve(rows.slice(0, count), scores.slice(0, count));
    const errors = fresh.map((row, r) => dot(form, monomials(row)) - (truth[r] ?? 0));
    return Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length) / noise;
  });
}

test("one request determines the quadratic form, and scores of any row with it, to the noise times √(coefficients / rows)", async () => {
  const unknowns = formCoefficients(3);
  const counts = [20 * unknowns, HIDDEN_ROWS];
  for (const [i, error] of (await extraction(3, 4, counts)).entries()) {
    const stated = Math.sqrt(unknowns / (counts[i] ?? 1));
    // A root of a mean square of so few errors that hang together is a half to twice what is expected.
    expect(error).toBeGreaterThan(stated / 2);
    expect(error).toBeLessThan(stated * 2);
  }
}, 60_000);

test.runIf(process.env["SLOW"] === "1")(
  "32 features and 16 units: 561 coefficients follow from one request, to a quarter of the noise",
  async () => {
    const unknowns = formCoefficients(32);
    expect(unknowns).toBe(561);
    const [error = 0] = await extraction(32, 16, [HIDDEN_ROWS]);
    const stated = Math.sqrt(unknowns / HIDDEN_ROWS);
    expect(stated).toBeCloseTo(0.262, 3);
    expect(error / stated).toBeGreaterThan(0.85);
    expect(error / stated).toBeLessThan(1.2);
  },
  120_000,
);
