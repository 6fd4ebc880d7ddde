/** Sharing (分摊): who bears a counted cost. A resource's fee is borne by the products that use it, what is common by all, both in the
 *  proportion of normalised use; what belongs to one product by that one (G8–G12). Shares are whole fen and sum to the cost.
 *  @module */
import { apportion } from "../apportion.ts";
import { exactText, ONE } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { apportionedFigure, derivedFigure, sumFigure } from "../make-figure.ts";
import { wholeFen, yuanOf } from "../money.ts";
import type { Rules } from "../rules/resolve.ts";
import { COST_CLASSES } from "./class-labels.ts";
import type { CostLine } from "./cost-line.ts";
import type { ProductUse } from "./product-use.ts";
import { lineName } from "./read-costs.ts";

/** Products that bear a line: those that use its resource, its product, or all. */
export function bearersOf(line: CostLine, uses: readonly ProductUse[]): ProductUse[] {
  switch (line.class) {
    case "acquisition-push":
      return uses.filter(({ product }) => product.resources.includes(line.resource));
    case "acquisition-query":
    case "development":
    case "operating-specific":
      return uses.filter(({ product }) => product.id === line.product);
    case "circulation":
    case "operating-common":
      return [...uses];
  }
}

/** Shares of `counted` by product, largest remainders first; products that do not bear it have none.
 *  @throws ERR_SETTLEMENT_WEIGHTS when nobody who bears it has any use. */
export function costSharesOf(
  line: CostLine,
  counted: Figure,
  uses: readonly ProductUse[],
  rules: Rules,
): ReadonlyMap<string, Figure> {
  const name = lineName(line);
  const rule = { ...rules.of("costAllocation").reference, id: COST_CLASSES[line.class].row };
  const bearers = bearersOf(line, uses);
  const shared = !("product" in line);
  const weights = new Map(
    bearers.map(({ product, normalised }) => [product.id, shared ? normalised.value : ONE] as const),
  );
  const shares = apportion(wholeFen(counted.value, name), weights, name);
  const all = sumFigure({
    id: "v",
    label: { zh: "承担产品的归一化使用量合计ΣK·v", en: "normalised use of those who bear it ΣK·v" },
    unit: "normalised",
    rule,
    inputs: bearers.map(({ normalised }) => normalised),
  });
  return new Map(
    bearers.map(({ product, normalised }) => {
      const fen = shares.get(product.id) ?? 0n;
      const head = { id: `share:${line.id}`, label: line.title, unit: "yuan", rule } as const;
      if (!shared) return [product.id, derivedFigure({ ...head, formula: "C", inputs: [counted] }, yuanOf(fen))];
      const making = { ...head, formula: "C × K·v ÷ Σ K·v", inputs: [counted, normalised, all] };
      const before = `${exactText(counted.value.times(normalised.value))} ÷ ${exactText(all.value)}`;
      return [product.id, apportionedFigure(making, fen, before)];
    }),
  );
}
