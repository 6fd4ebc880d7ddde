/** Scorecards under encryption against the one arithmetic of released models. @module */
import { evaluateModel, type Column, type ModelRows, type Scorecard } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyLink, ScoreClient } from "../src/he/linear/client.ts";
import { scorecardColumns, scorecardModel } from "../src/he/linear/scorecard.ts";
import { planScore, score } from "../src/he/linear/server.ts";

const DICTIONARY = ["north", "south", "east", "elsewhere"];

/** Rows with a number that may be missing, not a number or infinite, and a text that may be missing or unknown to the card. */
const rowsOf = (cells: readonly (readonly [number | null, number | null])[]): ModelRows => {
  const validity = (index: 0 | 1): Uint8Array => {
    const bits = new Uint8Array(Math.ceil(cells.length / 8));
    for (const [row, cell] of cells.entries())
      if (cell[index] !== null) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
    return bits;
  };
  const columns: Record<string, Column> = {
    // What stands in the place of a missing number may be anything.
    age: { type: "f64", values: Float64Array.from(cells, ([age]) => age ?? 77), validity: validity(0) },
    region: {
      type: "dict",
      dictionary: DICTIONARY,
      values: Uint32Array.from(cells, ([, code]) => code ?? 1),
      validity: validity(1),
    },
  };
  return { rowCount: cells.length, columnOf: (name) => columns[name] };
};

const points = (length: number) =>
  fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: length, maxLength: length });
const cards: fc.Arbitrary<Scorecard> = fc
  .record({ intercept: fc.double({ min: -3, max: 3, noNaN: true }), age: points(4), region: points(3) })
  .map(({ intercept, age, region }) => ({
    kind: "scorecard",
    intercept,
    items: [
      { column: "age", breaks: [18, 65], points: age },
      { column: "region", levels: [["north", "east"], ["south"]], points: region },
    ],
  }));
const cells = fc.tuple(
  fc.oneof(
    fc.constant(null),
    fc.constantFrom(18, 65, -Infinity, Infinity, Number.NaN, -0, 1e308),
    fc.double({ min: 0, max: 100, noNaN: true }),
  ),
  fc.oneof(fc.constant(null), fc.nat(3)),
);

test("a released scorecard scored under encryption gives its own probabilities, whatever is missing, infinite or unknown", async () => {
  await fc.assert(
    fc.asyncProperty(cards, fc.array(cells, { minLength: 1, maxLength: 40 }), async (card, values) => {
      const rows = rowsOf(values);
      const model = scorecardModel(card);
      fc.pre(model.weights.some((weight) => Math.abs(weight) > 1e-3));
      const parameters = planScore(model, 1);
      const query = (await ScoreClient.open(parameters)).encrypt(scorecardColumns(card, rows));
      const scores = query.finish(await score({ model, parameters }, query.frame));
      const plain = evaluateModel(card, rows);
      for (const [row, probability] of applyLink("logistic", scores).entries()) {
        expect(Math.abs(probability - (plain[row] ?? Number.NaN))).toBeLessThanOrEqual(
          parameters.errorBound / 4 + 1e-12,
        );
      }
    }),
    { numRuns: process.env["SLOW"] === "1" ? 200 : 12 },
  );
});

test("rows without a column of the card, or with one of another type, are refused", () => {
  const card: Scorecard = {
    kind: "scorecard",
    intercept: 0,
    items: [{ column: "age", breaks: [18], points: [1, 2, 3] }],
  };
  expect(scorecardModel(card)).toEqual({
    kind: "linear-model",
    features: ["age#0", "age#1"],
    weights: [-2, -1],
    intercept: 3,
  });
  expect(() => scorecardColumns(card, { rowCount: 0, columnOf: () => undefined })).toThrow(RangeError);
  const rows = rowsOf([[1, 1]]);
  expect(() => scorecardColumns(card, { ...rows, columnOf: () => rows.columnOf("region") })).toThrow("no numbers");
});
