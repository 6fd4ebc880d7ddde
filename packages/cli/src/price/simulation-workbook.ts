/** A simulation as a workbook with Chinese headings: changes, totals, points of the curves, and the derivation of what would be.
 *  @module */
import type { SimulatedPrices } from "@sluice/settlement";
import { explanationSheet, workbook, type WorkbookCell, type WorkbookSheet } from "../explain-page/workbook.ts";
import { figureSheet } from "./figure-table.ts";
import { figuresOf } from "./pricing-figures.ts";
import { totalsSheet } from "./pricing-workbook.ts";
import { CHANGE_COLUMNS, changesOf, SIDES } from "./simulation-columns.ts";
import type { SimulationCurves } from "./simulation-curves.ts";

/** The bytes of the workbook. */
export async function simulationWorkbook(prices: SimulatedPrices, curves: SimulationCurves): Promise<Uint8Array> {
  const { before, after } = prices;
  return await workbook([
    figureSheet("价格对比", changesOf(prices), {
      before: [
        { heading: "编号", of: ({ id }) => id },
        { heading: "产品", of: (change) => change.before.cost.product.title.zh },
      ],
      figures: CHANGE_COLUMNS,
    }),
    totalsSheet("准许收入对比", [before, after], [SIDES.before.zh, SIDES.after.zh]),
    priceSheet(curves),
    incomeSheet(curves),
    explanationSheet(figuresOf(after)),
  ]);
}

function priceSheet({ prices }: SimulationCurves): WorkbookSheet {
  return {
    name: "价格与用量",
    headings: ["产品", "预估年使用量", "单位成本", "上限（现行）", "上限（假设）"],
    widths: [26, 20, 20, 18, 18],
    rows: prices.flatMap(({ title, points }) =>
      points.map(({ use, unitCost, before, after }): WorkbookCell[] => [
        title.zh,
        { value: use, places: 0 },
        { value: unitCost, places: 2 },
        { value: before, places: 2 },
        { value: after, places: 2 },
      ]),
    ),
  };
}

function incomeSheet({ income }: SimulationCurves): WorkbookSheet {
  return {
    name: "收入与用量",
    headings: ["实际使用量（倍）", "实际收入（现行）", "实际收入（假设）", "最高准许收入"],
    widths: [20, 22, 22, 22],
    rows: income.map(({ multiple, before, after, permitted }): WorkbookCell[] => [
      multiple,
      { value: before, places: 2 },
      { value: after, places: 2 },
      { value: permitted, places: 2 },
    ]),
  };
}
