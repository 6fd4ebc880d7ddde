/** A job on the Statlog German credit table: how likely a loan goes bad, by a model that stays in the domain.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";
import {
  auc,
  designMatrix,
  squareNetwork,
  squareScores,
  type KitRows,
  type Matrix,
  type SquareNetworkFit,
} from "@sluice/sandbox/kit";

const flags = (column: string, codes: readonly string[]) =>
  codes.map((code) => ({ name: `${column}=${code}`, low: 0, high: 1 }));
/** Known of the columns, and published. */
export const FEATURES = [
  { name: "duration", low: 0, high: 72 },
  { name: "amount", low: 0, high: 20_000 },
  { name: "age", low: 15, high: 75 },
  { name: "rate", low: 1, high: 4 },
  ...flags("status", ["A11", "A12", "A13"]),
  ...flags("savings", ["A61", "A62", "A63", "A64"]),
  ...flags("history", ["A30", "A31", "A32", "A33"]),
];

/** Labels are 1 for a loan that went bad. */
export function fitted(matrix: Matrix, labels: ArrayLike<number>): SquareNetworkFit {
  const bounds = FEATURES.map(({ low, high }) => [low, high] as const);
  return squareNetwork(matrix, labels, { bounds, units: 8, rounds: 100, l2: 60 });
}

const matrixOf = (rows: KitRows): Matrix =>
  designMatrix(
    rows,
    FEATURES.map(({ name }) => name),
  );

export default defineJob({
  name: "german-hidden",
  purpose: "loan-risk",
  input: {
    duration: "f64",
    amount: "f64",
    age: "f64",
    rate: "i32",
    status: "dict",
    savings: "dict",
    history: "dict",
    bad: "bool",
  },
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    risk: { kind: "square-network", features: FEATURES, maxUnits: 8, link: "logistic", resolution: 0.01 },
  },
  develop(rows) {
    const matrix = matrixOf(rows);
    const scores = squareScores(fitted(matrix, rows.bad.values), matrix);
    return { fit: { auc: auc(scores, rows.bad.values), rows: rows.rowCount } };
  },
  produce: (rows) => ({ risk: fitted(matrixOf(rows), rows.bad.values) }),
});
