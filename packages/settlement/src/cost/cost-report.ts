/** The yearly report of costs, item by item (G29), and what one resource cost and to whom, as its source may ask (G25).
 *  @module */
import { apportion } from "../apportion.ts";
import type { Exact } from "../exact.ts";
import type { Figure, Label } from "../figure.ts";
import { sumFigure } from "../make-figure.ts";
import { yuanOf } from "../money.ts";
import type { Rules } from "../rules/resolve.ts";
import type { Costs, CostedLine } from "./account-costs.ts";
import { COST_CLASSES } from "./class-labels.ts";
import type { CostClass, CostPool } from "./cost-line.ts";

/** Lines of one class and their sum. */
export interface CostReportClass {
  readonly class: CostClass;
  readonly label: Label;
  readonly lines: readonly CostedLine[];
  readonly counted: Figure;
}

/** The itemised costs of a year. */
export interface CostReport {
  readonly year: string;
  /** Rule sets by which it was reckoned. */
  readonly sets: readonly string[];
  readonly classes: readonly CostReportClass[];
  /** Lines of which a part does not count. */
  readonly notCounted: readonly CostedLine[];
  readonly total: Figure;
  /** Who checked the accounts; absent until somebody did. */
  readonly check?: NonNullable<CostPool["check"]>;
}

/** The report of `costs`, which were reckoned from `pool`. */
export function costReport(costs: Costs, pool: CostPool, rules: Rules): CostReport {
  const rule = rules.of("costAllocation").reference;
  const classes = (Object.keys(COST_CLASSES) as CostClass[]).flatMap((name) => {
    const lines = costs.lines.filter(({ line }) => line.class === name);
    if (lines.length === 0) return [];
    const { label, row } = COST_CLASSES[name];
    const inputs = lines.map(({ counted }) => counted);
    const counted = sumFigure({ id: name, label, unit: "yuan", rule: { ...rule, id: row }, inputs });
    return [{ class: name, label, lines, counted }];
  });
  return {
    year: costs.year,
    sets: rules.sets,
    classes,
    notCounted: costs.lines.filter(({ excess }) => excess !== undefined),
    total: costs.total,
    ...(pool.check === undefined ? {} : { check: pool.check }),
  };
}

/** Shares of a line's bearers in hundredths of a per cent; they sum to 100.00 %. Empty when nothing of the line counts. */
export function sharePercents({ line, shares }: CostedLine): ReadonlyMap<string, Exact> {
  const weights = new Map([...shares].map(([product, { value }]) => [product, value]));
  if ([...weights.values()].every((weight) => weight.isZero())) return new Map();
  return new Map(
    [...apportion(10_000n, weights, `costs/${line.id}`)].map(([product, part]) => [product, yuanOf(part)]),
  );
}

/** What a resource cost in the year, by line and by the product that bears it. */
export interface ResourceCost {
  readonly resource: string;
  readonly lines: readonly CostedLine[];
  readonly counted: Figure;
  readonly products: ReadonlyMap<string, Figure>;
}

/** The view of the source of `resource`: its own lines and no others. */
export function resourceCost(costs: Costs, resource: string, rules: Rules): ResourceCost {
  const rule = { ...rules.of("costAllocation").reference, id: "G25" };
  const lines = costs.lines.filter(({ line }) => "resource" in line && line.resource === resource);
  const label = { zh: `数据资源获取成本：${resource}`, en: `cost of acquiring ${resource}` };
  const byProduct = new Map<string, Figure[]>();
  for (const { shares } of lines) {
    for (const [product, share] of shares) byProduct.set(product, [...(byProduct.get(product) ?? []), share]);
  }
  return {
    resource,
    lines,
    counted: sumFigure({ id: resource, label, unit: "yuan", rule, inputs: lines.map(({ counted }) => counted) }),
    products: new Map(
      [...byProduct].map(([product, inputs]) => [
        product,
        sumFigure({ id: product, label, unit: "yuan", rule, inputs }),
      ]),
    ),
  };
}
