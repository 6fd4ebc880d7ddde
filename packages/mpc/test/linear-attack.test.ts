/** What encryption of linear scores does not protect, as the documents say it: a caller has the model. @module */
import { decodeScoreReply, decodeScoreRequest } from "@sluice/protocol";
import { expect, test } from "vitest";
import { power } from "../../../test/wire-ring-rules.ts";
import { DATA_PRIME, expandSeed, readPolynomial } from "../../../test/wire-score-rules.ts";
import { ScoreClient, type ScoreColumns } from "../src/he/linear/client.ts";
import { score } from "../src/he/linear/server.ts";
import { columnsOf, productOf } from "./linear-product.ts";

const WEIGHTS = [1.5, -0.03125, 2.5123456789, -7, 0.001];
const INTERCEPT = -4.25;
const product = productOf(WEIGHTS, INTERCEPT, 8);
const client = await ScoreClient.open(product.parameters);

async function scoresOf(columns: ScoreColumns): Promise<Float64Array> {
  const query = client.encrypt(columns);
  return query.finish(await score(product, query.frame));
}

test("d + 1 rows of one request give every weight and the intercept within the noise", async () => {
  const d = WEIGHTS.length;
  // Row 0 is zero, row i + 1 has feature i at its bound.
  const scores = await scoresOf(columnsOf(d, d + 1, (i, row) => (row === i + 1 ? 8 : 0)));
  const [base = Number.NaN] = scores;
  const { errorBound } = product.parameters;
  expect(Math.abs(base - INTERCEPT)).toBeLessThanOrEqual(errorBound);
  for (const [i, weight] of WEIGHTS.entries()) {
    expect(Math.abs(((scores[i + 1] ?? Number.NaN) - base) / 8 - weight)).toBeLessThanOrEqual(errorBound / 4);
  }
});

test("the second polynomial of an answer to one row gives every rounded weight exactly", async () => {
  const query = client.encrypt(columnsOf(WEIGHTS.length, 1, () => 0));
  query.discard();
  const masks = decodeScoreRequest(query.frame).columns.map(({ seed }) => expandSeed(seed));
  const sum = readPolynomial(decodeScoreReply(await score(product, query.frame)).c1);
  const rows = WEIGHTS.map((_, row) => [...masks.map((mask) => mask[row] ?? 0n), sum[row] ?? 0n]);
  const whole = solve(rows).map((value) => Number(value > DATA_PRIME / 2n ? value - DATA_PRIME : value));
  const scale = 2 ** product.parameters.weightScaleBits;
  expect(whole).toEqual(WEIGHTS.map((weight) => Math.round(weight * scale)));
});

test("a caller that keeps to no contract has the scores of three coarse rows for the charge of one", async () => {
  const weights = [0.5, -0.25, 1];
  const coarse = productOf(weights, 0, 16);
  const rows = [
    [3, 7, 1],
    [15, 2, 9],
    [4, 11, 6],
  ];
  const apart = 2 ** -14;
  const packed = columnsOf(3, 1, (i) => rows.reduce((sum, row, k) => sum + (row[i] ?? 0) * apart ** k, 0));
  const query = (await ScoreClient.open(coarse.parameters)).encrypt(packed);
  const request = decodeScoreRequest(query.frame);
  expect(request.rows).toBe(1);
  let [rest = Number.NaN] = query.finish(await score(coarse, query.frame));
  for (const [k, row] of rows.entries()) {
    const plain = row.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);
    // Whole quarters, as weights and values are; the last one is what is left.
    const found = k < 2 ? Math.round(rest * 4) / 4 : rest;
    expect(Math.abs(found - plain)).toBeLessThan(1 / 8);
    rest = (rest - found) / apart;
  }
});

/** Solutions modulo the prime, by elimination. */
function solve(rows: bigint[][]): bigint[] {
  for (const [column, pivotRow] of rows.entries()) {
    const inverse = power(pivotRow[column] ?? 0n, DATA_PRIME - 2n, DATA_PRIME);
    for (const [k, value] of pivotRow.entries()) pivotRow[k] = (value * inverse) % DATA_PRIME;
    for (const row of rows) {
      const factor = row === pivotRow ? 0n : (row[column] ?? 0n);
      for (const [k, value] of row.entries()) {
        row[k] = (value + (DATA_PRIME - factor) * (pivotRow[k] ?? 0n)) % DATA_PRIME;
      }
    }
  }
  return rows.map((row) => row.at(-1) ?? 0n);
}
