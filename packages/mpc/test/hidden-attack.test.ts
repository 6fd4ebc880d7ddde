/** Extraction of a model with a hidden layer, as docs/scoring-hidden.md says: what scores determine, to which resolution. @module */
import { HIDDEN_ROWS } from "@sluice/protocol";
import { expect, test } from "vitest";
import { HiddenClient } from "../src/he/hidden/client.ts";
import { scoreHidden } from "../src/he/hidden/server.ts";
import { hiddenProduct, networkOf } from "./hidden-product.ts";
import { seededRandom } from "./seeded-random.ts";

const FEATURES = 3;
const UNKNOWNS = ((FEATURES + 1) * (FEATURES + 2)) / 2;
const RESOLUTION = 2 ** -6;

/** 1, the features and their products: what a quadratic form is a combination of. */
function monomials(row: readonly number[]): number[] {
  const extended = [1, ...row];
  return extended.flatMap((left, i) => extended.slice(i).map((right) => left * right));
}

/** Least squares by normal equations and elimination. */
function solve(rows: readonly number[][], scores: readonly number[]): number[] {
  const a = Array.from({ length: UNKNOWNS }, (_, i) => [
    ...Array.from({ length: UNKNOWNS }, (_c, k) => rows.reduce((sum, row) => sum + (row[i] ?? 0) * (row[k] ?? 0), 0)),
    rows.reduce((sum, row, r) => sum + (row[i] ?? 0) * (scores[r] ?? 0), 0),
  ]);
  for (const [i, pivot] of a.entries()) {
    for (const [k, row] of a.entries()) {
      if (k === i) continue;
      const times = (row[i] ?? 0) / (pivot[i] ?? 1);
      for (let c = i; c <= UNKNOWNS; c++) row[c] = (row[c] ?? 0) - times * (pivot[c] ?? 0);
    }
  }
  return a.map((row, i) => (row[UNKNOWNS] ?? 0) / (row[i] ?? 1));
}

test("one request determines the quadratic form: few rows to the noise, all rows to the noise over the root of their number", async () => {
  const random = seededRandom(7);
  const next = () => new DataView(random.bytes(4).buffer).getInt32(0) / 2 ** 31;
  const network = networkOf(FEATURES, 4, next);
  const product = await hiddenProduct(network, { resolution: RESOLUTION });
  const z = Array.from({ length: HIDDEN_ROWS }, () => network.features.map(next));
  const columns = Object.fromEntries(
    network.features.map(({ name, low, high }, i) => [
      name,
      Float64Array.from(z, (row) => (low + high) / 2 + ((high - low) / 2) * (row[i] ?? 0)),
    ]),
  );
  const query = (await HiddenClient.open(product.parameters)).encrypt(columns);
  const scores = [...query.finish(await scoreHidden(product, query.frame))];
  // What the form is, from the model.
  const step = 2 ** -product.parameters.weightScaleBits;
  const truth = Array.from({ length: UNKNOWNS }, () => 0);
  truth[0] = network.intercept;
  for (const { sign, bias, weights } of network.units) {
    const line = [bias, ...weights.map((weight) => Math.round(weight / step) * step)];
    let place = 0;
    for (const [i, left] of line.entries()) {
      for (const [k, right] of line.slice(i).entries()) {
        truth[place] = (truth[place] ?? 0) + sign * left * right * (k === 0 ? 1 : 2);
        place += 1;
      }
    }
  }
  const worst = (count: number) => {
    const found = solve(z.slice(0, count).map(monomials), scores.slice(0, count));
    return Math.max(...found.map((value, i) => Math.abs(value - (truth[i] ?? 0))));
  };
  // Noise of one row is between the resolution and twice it, as the noise is a power of two.
  expect(worst(4 * UNKNOWNS)).toBeLessThan(20 * RESOLUTION);
  expect(worst(4 * UNKNOWNS)).toBeGreaterThan(RESOLUTION / 20);
  expect(worst(HIDDEN_ROWS)).toBeLessThan((40 * RESOLUTION) / Math.sqrt(HIDDEN_ROWS));
  expect(worst(HIDDEN_ROWS)).toBeGreaterThan(RESOLUTION / 10 / Math.sqrt(HIDDEN_ROWS));
}, 60_000);
