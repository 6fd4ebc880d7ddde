/** The cost accounts (成本核算): what counts of each line, C_total, and each product's share of it and cost of one unit (G8–G18).
 *  @module */
import type { Figure, Label } from "../figure.ts";
import { quotientFigure, sumFigure } from "../make-figure.ts";
import type { Product } from "../metering/product.ts";
import type { Rules } from "../rules/resolve.ts";
import { allowanceOf } from "./allowance.ts";
import { chargeOf } from "./charge.ts";
import { COST_CLASSES } from "./class-labels.ts";
import type { CostLine, CostPool } from "./cost-line.ts";
import type { ProductUse } from "./product-use.ts";
import { lineName } from "./read-costs.ts";
import { costSharesOf } from "./sharing.ts";
import { countedAfter, subsidiesByLine } from "./subsidies.ts";

/** What became of one line. */
export interface CostedLine {
  readonly line: CostLine;
  /** What it charges to the year. */
  readonly charged: Figure;
  /** What of that the caps allow. */
  readonly allowed: Figure;
  /** What counts after subsidies. */
  readonly counted: Figure;
  /** What a cap left out, and why. */
  readonly excess?: { readonly amount: Figure; readonly reason: Label };
  /** Public money that went into its project; absent when none did. */
  readonly subsidy?: Figure;
  /** Parts of `counted` by product. */
  readonly shares: ReadonlyMap<string, Figure>;
}

/** What one product costs in the year. */
export interface ProductCost {
  readonly product: Product;
  readonly use: Figure;
  /** Its shares of all lines. */
  readonly total: Figure;
  /** Cost of one unit (单位成本); absent for a product without use in a year that is over. */
  readonly unit?: Figure;
}

/** The accounts of a year. */
export interface Costs {
  readonly year: string;
  readonly lines: readonly CostedLine[];
  readonly acquisition: Figure;
  readonly operating: Figure;
  /** C_total (核定经营成本). */
  readonly total: Figure;
  readonly products: ReadonlyMap<string, ProductCost>;
}

/** Accounts for a pool that {@link readCosts} read.
 *  @throws ERR_SETTLEMENT_WEIGHTS, ERR_SETTLEMENT_PERIOD and ERR_SETTLEMENT_REFUSED naming the line. */
export function accountCosts(pool: CostPool, uses: readonly ProductUse[], rules: Rules): Costs {
  const multiples = new Map(uses.map(({ product, multiple }) => [product.id, multiple]));
  const charges = new Map(
    pool.lines.map((line) => [
      line.id,
      chargeOf(line, rules, "product" in line ? multiples.get(line.product) : undefined),
    ]),
  );
  const whole = new Map([...charges].map(([id, charge]) => [id, charge.whole]));
  const subsidies = subsidiesByLine(pool, whole, rules);
  const lines = pool.lines.flatMap((line): CostedLine[] => {
    const charge = charges.get(line.id);
    if (charge === undefined) return [];
    const allowance = allowanceOf(line, charge.charged, rules);
    const subsidy = subsidies.get(line.id);
    const kept =
      subsidy === undefined
        ? allowance.allowed
        : countedAfter({ allowed: allowance.allowed, whole: charge.whole, subsidy, line: lineName(line) }, rules);
    const counted = { ...kept, id: `counted:${line.id}`, label: line.title };
    const shares = costSharesOf(line, counted, uses, rules);
    const costed = { line, charged: charge.charged, ...allowance, counted, shares };
    return [subsidy === undefined ? costed : { ...costed, subsidy }];
  });
  const rule = rules.of("costAllocation").reference;
  const part = (which: "acquisition" | "operating", label: Label): Figure =>
    sumFigure({
      id: `cost-${which}`,
      label,
      unit: "yuan",
      rule,
      inputs: lines.flatMap(({ line, counted }) => (COST_CLASSES[line.class].part === which ? [counted] : [])),
    });
  const acquisition = part("acquisition", { zh: "数据资源获取成本", en: "cost of acquiring data" });
  const operating = part("operating", { zh: "数据运营成本", en: "cost of operating" });
  return {
    year: pool.year,
    lines,
    acquisition,
    operating,
    total: sumFigure({
      id: "c-total",
      label: { zh: "核定经营成本C", en: "accepted cost C" },
      unit: "yuan",
      rule: rules.of("permittedIncome").reference,
      inputs: [acquisition, operating],
    }),
    products: new Map(uses.map((use) => [use.product.id, productCost(use, lines, rules)])),
  };
}

function productCost({ product, quantity }: ProductUse, lines: readonly CostedLine[], rules: Rules): ProductCost {
  const rule = rules.of("costAllocation").reference;
  const { id, title } = product;
  const total = sumFigure({
    id: `cost:${id}`,
    label: { zh: `年度成本：${title.zh}`, en: `cost of the year: ${title.en}` },
    unit: "yuan",
    rule,
    inputs: lines.flatMap(({ shares }) => shares.get(id) ?? []),
  });
  if (quantity.value.isZero()) return { product, use: quantity, total };
  const unit = quotientFigure(
    {
      id: `unit-cost:${id}`,
      label: { zh: `单位成本：${title.zh}`, en: `unit cost: ${title.en}` },
      unit: "unit-price",
      rule: { ...rule, id: "G10" },
      formula: "C ÷ v",
      inputs: [total, quantity],
    },
    { dividend: total.value, divisor: quantity.value, where: `products/${id}` },
    rules.of("unitCostRounding"),
  );
  return { product, use: quantity, total, unit };
}
