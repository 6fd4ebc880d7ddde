/** Figures (数值) that carry where they come from: given by a line of the input, or derived by a rule from other figures. What is
 *  computed with is what is explained; there is no second account beside it.
 *  @module */
import type { Exact, RoundingMode } from "./exact.ts";

/** What a figure is called, for officials and accountants. */
export interface Label {
  readonly zh: string;
  readonly en: string;
}

/** What a figure counts. `unit-price` is yuan per unit of use, `use` the unit of the product's form, `normalised` units of K·v. */
export type FigureUnit = "yuan" | "unit-price" | "percent" | "factor" | "use" | "normalised" | "count" | "year";

/** The rule by which a figure was derived, as the rule set that was used has it. */
export interface RuleReference {
  /** Row of the requirements: `G2`. */
  readonly id: string;
  /** Rule set that the value or formula is from: `futian-2025`. */
  readonly set: string;
  /** Document and section: `003 六(二)1`. */
  readonly source: string;
  /** Present when the rule stands in for one that the documents do not give: why. */
  readonly assumed?: Label;
}

/** A rounding that took place, also where it changed nothing. */
export interface Rounding {
  readonly places: number;
  /** `largest-remainder`: a share of a whole, rounded down, with a fen more where the whole left one. */
  readonly mode: RoundingMode | "largest-remainder";
  /** The exact value before it, or the quotient that has no end: `1000000 ÷ 3`. */
  readonly exact: string;
  /** The rule that says so. */
  readonly rule?: RuleReference;
}

/** How a figure was made of others. */
export interface Derivation {
  readonly rule: RuleReference;
  /** The formula with the labels of the inputs: `C·(1+R)+T`. */
  readonly formula: string;
  readonly inputs: readonly Figure[];
  readonly rounding?: Rounding;
}

/** A value with its name, its unit, and where it comes from. */
export interface Figure {
  /** Unique among its siblings: `r-max`, `unit-cost:credit-label`. */
  readonly id: string;
  readonly label: Label;
  readonly value: Exact;
  readonly unit: FigureUnit;
  /** The line of the input that gave it; absent when it is derived or a rule's own value. */
  readonly line?: string;
  /** Evidence that the line names. */
  readonly evidence?: string;
  /** The rule whose own value it is. */
  readonly rule?: RuleReference;
  readonly derivation?: Derivation;
}

/** All figures that a figure rests on, itself first, each once. */
export function figuresUnder(figure: Figure): Figure[] {
  const found = new Set<Figure>();
  const visit = (one: Figure): void => {
    if (found.has(one)) return;
    found.add(one);
    for (const input of one.derivation?.inputs ?? []) visit(input);
  };
  visit(figure);
  return [...found];
}

/** Every rounding under a figure, with the figure that was rounded. */
export function roundingsUnder(figure: Figure): { readonly figure: Figure; readonly rounding: Rounding }[] {
  return figuresUnder(figure).flatMap((one) =>
    one.derivation?.rounding === undefined ? [] : [{ figure: one, rounding: one.derivation.rounding }],
  );
}

/** Every assumed rule under a figure, each once. */
export function assumptionsUnder(figure: Figure): RuleReference[] {
  const found = new Map<string, RuleReference>();
  for (const one of figuresUnder(figure)) {
    for (const rule of [one.rule, one.derivation?.rule, one.derivation?.rounding?.rule]) {
      if (rule?.assumed !== undefined) found.set(`${rule.set} ${rule.id} ${rule.assumed.en}`, rule);
    }
  }
  return [...found.values()];
}
