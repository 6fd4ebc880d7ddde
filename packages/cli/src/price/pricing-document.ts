/** A pricing as one JSON document: values as decimal texts, every rounding and assumption, and the rows of the derivation.
 *  @module */
import { exactText, type ExplanationRow, type Figure, type Pricing, type RuleReference } from "@sluice/settlement";
import {
  COST_COLUMNS,
  explainPricing,
  figuresOf,
  PRODUCT_COLUMNS,
  TOTALS,
  type FigureColumn,
} from "./pricing-figures.ts";

/** Values of the columns that a row has, by their names. */
export function valuesOf<T>(columns: readonly FigureColumn<T>[], row: T): Record<string, string> {
  return Object.fromEntries(
    columns.flatMap(({ key, of }) => {
      const figure = of(row);
      return figure === undefined ? [] : [[key, exactText(figure.value)]];
    }),
  );
}

/** Prices and totals alone. */
export function pricesDocument(pricing: Pricing): object {
  return {
    totals: valuesOf(TOTALS, pricing),
    products: [...pricing.products].map(([id, price]) => {
      const { title, form } = price.cost.product;
      return { id, title, form, ...valuesOf(PRODUCT_COLUMNS, price) };
    }),
  };
}

/** The whole document. */
export function pricingDocument(pricing: Pricing): object {
  const { rules, year, costs } = pricing;
  const { explanation, rounded, assumptions } = explainPricing(figuresOf(pricing));
  return {
    year,
    rules: { jurisdiction: rules.jurisdiction, sets: rules.sets, on: rules.on },
    ...pricesDocument(pricing),
    costs: costs.lines.map((costed) => {
      const { id, title, class: kind, evidence } = costed.line;
      const reason = costed.excess === undefined ? {} : { reason: costed.excess.reason };
      return { id, title, class: kind, evidence, ...valuesOf(COST_COLUMNS, costed), ...reason };
    }),
    roundings: rounded.map(({ number, figure }) => ({ number, label: figure.label, ...figure.derivation?.rounding })),
    assumptions,
    derivation: explanation.rows.map(rowDocument),
  };
}

function rowDocument({ number, figure, explainedAt }: ExplanationRow): object {
  const { id, label, unit, line, evidence, derivation } = figure;
  const rule: RuleReference | undefined = derivation?.rule ?? figure.rule;
  const head = { number, id, label, value: valueOf(figure), unit };
  if (explainedAt !== undefined) return { ...head, explainedAt };
  return { ...head, formula: derivation?.formula, rule, rounding: derivation?.rounding, line, evidence };
}

function valueOf({ value }: Figure): string {
  return exactText(value);
}
