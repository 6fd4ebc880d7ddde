/** Explanations (计算过程说明): the figures under a figure as numbered rows, as a reader goes down them. A figure that several others rest on is
 *  explained once, and named by its number afterwards.
 *  @module */
import type { Figure } from "../figure.ts";

/** One row: a figure where it stands in the derivation of another. */
export interface ExplanationRow {
  /** `1.2.3`: third input of the second input of the first figure. */
  readonly number: string;
  readonly depth: number;
  readonly figure: Figure;
  /** Number of the row that explains the figure, when an earlier one does. */
  readonly explainedAt?: string;
}

/** Most rows of one explanation. What is longer is cut, and says so. */
export const MAX_EXPLANATION_ROWS = 100_000;

/** Rows of an explanation. */
export interface Explanation {
  readonly rows: readonly ExplanationRow[];
  /** Whether rows beyond the limit were left out. */
  readonly isCut: boolean;
}

/** Explains figures, each from its value down to what lines and rules gave. */
export function explain(figures: readonly Figure[], maxRows: number = MAX_EXPLANATION_ROWS): Explanation {
  const rows: ExplanationRow[] = [];
  const explained = new Map<Figure, string>();
  let isCut = false;
  const visit = (figure: Figure, number: string, depth: number): void => {
    if (rows.length >= maxRows) {
      isCut = true;
      return;
    }
    const explainedAt = explained.get(figure);
    const isKnown = explainedAt !== undefined && figure.derivation !== undefined;
    rows.push({ number, depth, figure, ...(isKnown ? { explainedAt } : {}) });
    if (isKnown) return;
    explained.set(figure, number);
    for (const [i, input] of (figure.derivation?.inputs ?? []).entries()) visit(input, `${number}.${i + 1}`, depth + 1);
  };
  for (const [i, figure] of figures.entries()) visit(figure, String(i + 1), 0);
  return { rows, isCut };
}
