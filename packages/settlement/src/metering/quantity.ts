/** Quantities (使用量): the use of a product in the unit of its form, as the sum over its lines of the product of their factors (G6).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { exact, ONE } from "../exact.ts";
import type { Figure, Label, RuleReference } from "../figure.ts";
import { derivedFigure, givenFigure, sumFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import type { Product } from "./product.ts";
import { DIMENSION_LABELS, FACTOR_LABELS, FORM_LABELS, type Form } from "./use-factors.ts";

/** Use as it was estimated, or as it came. */
export type Occasion = "estimate" | "actual";

const NAMES: Readonly<Record<Occasion, Label>> = {
  estimate: { zh: "预估年使用量", en: "estimated use of the year" },
  actual: { zh: "实际年使用量", en: "actual use of the year" },
};

/** Use of `product` in the year, in the unit of its form.
 *  @throws ERR_SETTLEMENT_MISSING when the actual use is wanted and not given. */
export function quantityOf(product: Product, occasion: Occasion, rules: Rules): Figure {
  const line = `products/${product.id}/${occasion}`;
  const uses = occasion === "estimate" ? product.estimate : product.actual;
  const rule: RuleReference = { ...rules.of("measures").reference, id: FORM_LABELS[product.form].row };
  if (uses === undefined) throw new SluiceError("ERR_SETTLEMENT_MISSING", { line, rule: rule.id });
  const parts = uses.map((use, index) => useFigure(product.form, use, { line: `${line}/${index}`, index, rule }));
  const name = NAMES[occasion];
  const label = { zh: `${name.zh}：${product.title.zh}`, en: `${name.en}: ${product.title.en}` };
  return sumFigure({ id: `${occasion}:${product.id}`, label, unit: "use", rule, inputs: parts });
}

/** One line of use as a figure: the product of its factors, which are its inputs. */
function useFigure(
  form: Form,
  use: Readonly<Record<string, string>>,
  { line, index, rule }: { readonly line: string; readonly index: number; readonly rule: RuleReference },
): Figure {
  const inputs = Object.entries(use).map(([name, text]) => {
    const where = `${line}/${name}`;
    return givenFigure({ id: name, label: factorLabel(form, name), unit: "count" }, exact(text, where), where);
  });
  const formula = Object.keys(use).join(" × ");
  const value = inputs.reduce((product, factor) => product.times(factor.value), ONE);
  return derivedFigure(
    { id: `line:${index}`, label: FORM_LABELS[form].name, unit: "use", rule, formula, inputs },
    value,
  );
}

function factorLabel(form: Form, name: string): Label {
  const label = (name === "dimensions" ? DIMENSION_LABELS[form] : undefined) ?? FACTOR_LABELS[name];
  return label ?? { zh: name, en: name };
}
