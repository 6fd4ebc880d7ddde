/** Whether the output of a released model gives away a sensitive column of somebody whose other features are known: how often the
 *  value is guessed right in the sample, against rows that the model never saw. What it tells of both alike it learnt of everybody.
 *  @see SACRO-ML, attribute attack: risk on training rows against test rows; Fredrikson et al. (2014) for the attack
 *  @module */
import { type AttributeEvidence, type Column, type ColumnBatch, type ModelLink } from "@sluice/protocol";
import { byValue, distinctSeen, valueOf } from "../row-columns.ts";
import { columnOfFeature } from "./features.ts";
import { hasValue, losses, marginsOf, type Calibration } from "./margin.ts";
import { MIN_MEASURED_ROWS, upperTail } from "./membership.ts";
import type { Predictor } from "./predict.ts";

/** Values of a column that are tried for each row. */
const MAX_GUESSED_VALUES = 16;

/** The attack on each of `sensitive` that the model reads and that has few values. With a target, the guess is the value with which the
 *  model fits it best; between equals, the one that most have. */
export function measureAttributes(
  model: Predictor,
  measured: { readonly link: ModelLink; readonly target: string; readonly calibration: Calibration },
  rows: { readonly members: ColumnBatch; readonly others: ColumnBatch; readonly sensitive: readonly string[] },
): AttributeEvidence[] {
  const read = new Set(
    model.kind === "scorecard" ? model.items.map(({ column }) => column) : model.features.map(columnOfFeature),
  );
  return rows.sensitive.flatMap((name): AttributeEvidence[] => {
    const column = rows.members.columns[name];
    if (column === undefined || name === measured.target || !read.has(name)) return [];
    const values = [...distinctSeen(column)].sort(([a, m], [b, n]) => n - m || a - b).map(([value]) => value);
    if (values.length < 2 || values.length > MAX_GUESSED_VALUES) return [];
    const guesses = values.map((value) => (column.type === "dict" ? (column.dictionary[value] ?? "") : value));
    const right = (table: ColumnBatch): { right: number; of: number } | null =>
      guessed(model, { ...measured, name }, table, guesses);
    const [members, others] = [right(rows.members), right(rows.others)];
    if (members === null || others === null) return [];
    if (members.of < MIN_MEASURED_ROWS || others.of < MIN_MEASURED_ROWS) return [];
    const [a, b] = [members.right / members.of, others.right / others.of];
    const pooled = (members.right + others.right) / (members.of + others.of);
    const error = Math.sqrt(pooled * (1 - pooled) * (1 / members.of + 1 / others.of));
    const pValue = error > 0 ? upperTail((a - b) / error) : 1;
    return [{ column: name, levels: byLevels(column), members: a, others: b, pValue }];
  });
}

function byLevels(column: Column): number {
  return new Set(Array.from(byValue(column).codes)).size;
}

/** How many rows that have a value and a target are guessed right. */
function guessed(
  model: Predictor,
  { link, target, calibration, name }: { link: ModelLink; target: string; calibration: Calibration; name: string },
  table: ColumnBatch,
  guesses: readonly (string | number)[],
): { right: number; of: number } | null {
  const column = table.columns[name];
  const outcome = table.columns[target];
  if (column === undefined || outcome === undefined) return null;
  const rows = Array.from({ length: table.rowCount }, (_, row) => row).filter((row) => hasValue(outcome, row));
  const best = new Float64Array(rows.length).fill(Infinity);
  const choice = new Uint16Array(rows.length);
  for (const [place, guess] of guesses.entries()) {
    const columns = { ...table.columns, [name]: filled(column, guess) };
    const tried = losses(link, outcome, marginsOf(model, { ...table, columns }), calibration);
    for (let i = 0; i < rows.length; i++) {
      const loss = tried[i] ?? Infinity;
      if (loss < (best[i] ?? Infinity)) [best[i], choice[i]] = [loss, place];
    }
  }
  let [right, of] = [0, 0];
  for (const [i, row] of rows.entries()) {
    const value = valueOf(column, row);
    if (value === null) continue;
    of++;
    const own = column.type === "dict" ? column.dictionary[value] : value;
    if (own === guesses[choice[i] ?? 0]) right++;
  }
  return { right, of };
}

/** The column as if every row had `guess`. */
function filled(column: Column, guess: string | number): Column {
  const length = column.values.length;
  switch (column.type) {
    case "dict": {
      const { validity: _, ...rest } = column;
      return { ...rest, dictionary: [String(guess)], values: new Uint32Array(length) };
    }
    case "f64":
      return { type: "f64", values: new Float64Array(length).fill(Number(guess)) };
    case "i32":
      return { type: "i32", values: new Int32Array(length).fill(Number(guess)) };
    case "bool":
      return { type: "bool", values: new Uint8Array(length).fill(Number(guess)) };
  }
}
