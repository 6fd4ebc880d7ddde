/** A tree on Statlog German credit (1,000 loans), against a search through every split of every column. Runs where
 *  SLUICE_DATA_DIR names a folder with `german-credit/german.data`.
 *  @module */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decisionTree, predict } from "../src/kit.ts";

const DATA = join(process.env["SLUICE_DATA_DIR"] ?? "", "german-credit", "german.data");
/** Duration, rate, residence, age, credits: numbers of fewer than 256 values. */
const COLUMNS = [1, 7, 10, 12, 15];
const MIN_ROWS = 25;

interface Leaf {
  readonly rows: readonly number[];
  readonly split: { gain: number; left: number[]; right: number[] } | null;
}

test.runIf(process.env["SLUICE_DATA_DIR"] !== undefined && existsSync(DATA))(
  "the best split of the best leaf is taken each time, as a search through all of them has it",
  () => {
    const lines = readFileSync(DATA, "utf8")
      .trim()
      .split(/\r?\n/)
      .map((line) => line.split(/\s+/));
    const columns = COLUMNS.map((at) => lines.map((cells) => Number(cells[at])));
    const bad = lines.map((cells) => Number(cells[20] === "2"));
    const scatter = (rows: readonly number[]): number => {
      const positives = rows.filter((row) => bad[row] === 1).length;
      return positives - positives ** 2 / rows.length;
    };
    const leafOf = (rows: readonly number[]): Leaf => {
      let best: Leaf["split"] = null;
      for (const column of columns) {
        for (const cut of new Set(rows.map((row) => column[row] ?? 0))) {
          const left = rows.filter((row) => (column[row] ?? 0) <= cut);
          const right = rows.filter((row) => (column[row] ?? 0) > cut);
          if (left.length < MIN_ROWS || right.length < MIN_ROWS) continue;
          const gain = scatter(rows) - scatter(left) - scatter(right);
          if (gain > (best?.gain ?? 1e-9)) best = { gain, left, right };
        }
      }
      return { rows, split: best };
    };
    let leaves = [leafOf(lines.map((_, row) => row))];
    while (leaves.length < 6) {
      const next = leaves.reduce((a, b) => ((b.split?.gain ?? 0) > (a.split?.gain ?? 0) ? b : a));
      if (next.split === null) break;
      const { left, right } = next.split;
      leaves = [...leaves.filter((leaf) => leaf !== next), leafOf(left), leafOf(right)];
    }
    const matrix = {
      rowCount: lines.length,
      features: COLUMNS.map((at) => `c${at}`),
      columns: columns.map((column) => Float64Array.from(column)),
    };
    const predicted = predict(decisionTree(matrix, bad, { maxLeaves: 6, minLeafRows: MIN_ROWS }), matrix);
    expect(leaves.length).toBe(6);
    for (const { rows } of leaves) {
      const share = rows.filter((row) => bad[row] === 1).length / rows.length;
      for (const row of rows) expect(predicted[row]).toBeCloseTo(share, 10);
    }
  },
);
