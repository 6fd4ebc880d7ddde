/** A pricing as a workbook with Chinese headings: prices, totals, costs, assumed rules, and how each figure was found.
 *  @module */
import { leastPlaces, UNIT_WORDS, type Pricing } from "@sluice/settlement";
import { explanationSheet, workbook, type WorkbookCell, type WorkbookSheet } from "../explain-page/workbook.ts";
import { figureSheet } from "./figure-table.ts";
import { COST_WORDS, PRODUCT_WORDS } from "./pricing-columns.ts";
import { COST_COLUMNS, explainPricing, figuresOf, PRODUCT_COLUMNS, TOTALS } from "./pricing-figures.ts";

/** The bytes of the workbook. */
export async function pricingWorkbook(pricing: Pricing): Promise<Uint8Array> {
  const figures = figuresOf(pricing);
  const { before, after } = COST_WORDS;
  return await workbook([
    figureSheet("价格", [...pricing.products.values()], { before: PRODUCT_WORDS, figures: PRODUCT_COLUMNS }),
    totalsSheet("准许收入", [pricing], ["数值"]),
    figureSheet("成本", pricing.costs.lines, { before, figures: COST_COLUMNS, after }),
    assumptionSheet(explainPricing(figures).assumptions),
    explanationSheet(figures),
  ]);
}

/** Totals of pricings beside one another, a column of values for each. */
export function totalsSheet(name: string, pricings: readonly Pricing[], titles: readonly string[]): WorkbookSheet {
  const rows = TOTALS.flatMap(({ heading, of }): WorkbookCell[][] => {
    const figures = pricings.map((pricing) => of(pricing));
    const known = figures.find((figure) => figure !== undefined);
    if (known === undefined) return [];
    const values = figures.map((figure): WorkbookCell =>
      figure === undefined ? "" : { value: figure.value, places: leastPlaces(figure.unit) },
    );
    return [[heading.zh, ...values, UNIT_WORDS[known.unit].zh]];
  });
  return {
    name,
    headings: ["项目", ...titles, "单位"],
    widths: [34, ...titles.map(() => 20), 12],
    rows,
  };
}

function assumptionSheet(assumptions: ReturnType<typeof explainPricing>["assumptions"]): WorkbookSheet {
  const rows = assumptions.map(({ id, source, set, assumed }) => [id, source, set, assumed?.zh ?? ""]);
  return { name: "推定的规则", headings: ["条目", "出处", "规则集", "推定内容"], widths: [10, 24, 20, 70], rows };
}
