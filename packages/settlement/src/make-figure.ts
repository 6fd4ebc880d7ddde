/** Makers of figures: each computes the value and writes down how in one step, so that no derivation can tell of another computation.
 *  @module */
import { exactText, quotient, rounded, sumOf, type Exact, type RoundingRule } from "./exact.ts";
import type { Figure, FigureUnit, Label, RuleReference } from "./figure.ts";
import { yuanOf, type Fen } from "./money.ts";
import type { Rule } from "./rules/resolve.ts";

/** What a figure is: its name among its siblings, its label and what it counts. */
export interface FigureHead {
  readonly id: string;
  readonly label: Label;
  readonly unit: FigureUnit;
}

/** How a figure is made of others. */
export interface FigureMaking extends FigureHead {
  readonly rule: RuleReference;
  readonly formula: string;
  readonly inputs: readonly Figure[];
}

/** A value that a line of the input gave. */
export function givenFigure(head: FigureHead, value: Exact, line: string, evidence?: string): Figure {
  return { ...head, value, line, ...(evidence === undefined ? {} : { evidence }) };
}

/** A rule's own value. */
export function ruledFigure(head: FigureHead, value: Exact, rule: RuleReference): Figure {
  return { ...head, value, rule };
}

/** A value that follows from the inputs without loss. */
export function derivedFigure({ rule, formula, inputs, ...head }: FigureMaking, value: Exact): Figure {
  return { ...head, value, derivation: { rule, formula, inputs } };
}

/** A value that follows from the inputs and is rounded as a rule says. */
export function roundedFigure(making: FigureMaking, value: Exact, rounding: Rule<RoundingRule>): Figure {
  return withRounding(making, rounded(value, rounding.value), exactText(value), rounding);
}

/** `dividend ÷ divisor`, rounded once as a rule says.
 *  @throws ERR_SETTLEMENT_DIVISOR when the divisor is zero; `where` names the line. */
export function quotientFigure(
  making: FigureMaking,
  { dividend, divisor, where }: { readonly dividend: Exact; readonly divisor: Exact; readonly where: string },
  rounding: Rule<RoundingRule>,
): Figure {
  const value = quotient(dividend, divisor, rounding.value, where);
  return withRounding(making, value, `${exactText(dividend)} ÷ ${exactText(divisor)}`, rounding);
}

/** A share of a whole amount as `apportion` gave it; `before` is the exact share. */
export function apportionedFigure(making: FigureMaking, share: Fen, before: string): Figure {
  const { rule, formula, inputs, ...head } = making;
  const rounding = { places: 2, mode: "largest-remainder", exact: before } as const;
  return { ...head, value: yuanOf(share), derivation: { rule, formula, inputs, rounding } };
}

/** The sum of the inputs. */
export function sumFigure(making: Omit<FigureMaking, "formula">): Figure {
  return derivedFigure({ ...making, formula: "Σ" }, sumOf(making.inputs.map(({ value }) => value)));
}

function withRounding(
  { rule, formula, inputs, ...head }: FigureMaking,
  value: Exact,
  before: string,
  { value: { places, mode }, reference }: Rule<RoundingRule>,
): Figure {
  return {
    ...head,
    value,
    derivation: { rule, formula, inputs, rounding: { places, mode, exact: before, rule: reference } },
  };
}
