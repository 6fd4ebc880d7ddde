/** A simulation as a page: what is supposed, prices and totals before and after, the two curves, and the derivation of what would be.
 *  @module */
import { exactText, valueText, type Exact, type SimulatedPrices, type Simulation } from "@sluice/settlement";
import { lineChart } from "../explain-page/line-chart.ts";
import { explanationPage } from "../explain-page/page.ts";
import { html, type Markup } from "../officer/markup.ts";
import { figureTable } from "./figure-table.ts";
import { figuresOf, TOTALS } from "./pricing-figures.ts";
import { withUnit } from "./pricing-text.ts";
import { CHANGE_COLUMNS, changesOf, changeText, SIDES, suppositionsText } from "./simulation-columns.ts";
import type { ProductCurve, SimulationCurves } from "./simulation-curves.ts";

/** The page. */
export function simulationPage(prices: SimulatedPrices, simulation: Simulation, curves: SimulationCurves): string {
  const { before, after } = prices;
  const { rules, year } = before;
  return explanationPage({
    kind: { zh: "价格测算", en: "Simulation of prices" },
    title: `${year} 年收费标准测算`,
    facts: [
      ["假设", "Supposed", suppositionsText(simulation, "zh")],
      ["最高准许收入", "Permitted income", withUnit(after.permitted.rMax, "zh")],
      ["规则集", "Rules", `${rules.sets.join("、")}（${rules.on}）`],
    ],
    sections: [changeSection(prices), totalsSection(prices), priceSection(curves), incomeSection(curves)],
    figures: figuresOf(after),
    footer: `测算结果不是备案 · 规则集 ${rules.sets.join("、")}（${rules.on}）· ${rules.jurisdiction}`,
  });
}

function changeSection(prices: SimulatedPrices): Markup {
  return html`<h2>各产品的变化 <span lang="en">Products, as filed and as supposed</span></h2>
    ${figureTable(changesOf(prices), {
      before: [{ heading: "产品", of: (change) => change.before.cost.product.title.zh }],
      figures: CHANGE_COLUMNS,
      after: [{ heading: "上限变化", of: changeText, isNumber: true }],
    })}`;
}

function totalsSection({ before, after }: SimulatedPrices): Markup {
  const rows = TOTALS.flatMap(({ heading, of }) => {
    const figures = [of(before), of(after)];
    return figures.every((figure) => figure === undefined)
      ? []
      : [{ name: heading.zh, values: figures.map((figure) => (figure === undefined ? "无" : withUnit(figure, "zh"))) }];
  });
  return html`<h2>准许收入 <span lang="en">Permitted income</span></h2>
    <table class="figures">
      <thead>
        <tr>
          <th>项目</th>
          ${[SIDES.before, SIDES.after].map(({ zh }) => html`<th class="number">${zh}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ name, values }) =>
            html`<tr>
              <td>${name}</td>
              ${values.map((value) => html`<td class="number">${value}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>`;
}

function priceSection({ prices, leftOut }: SimulationCurves): Markup {
  return html`<h2>价格与预估使用量 <span lang="en">Price against estimated use</span></h2>
    ${prices.map(priceChart)} ${leftOut.length === 0 ? "" : html`<p>未绘制：${leftOut.join("、")}</p>`}`;
}

function priceChart({ title, points }: ProductCurve): Markup {
  const line = (name: string, of: (point: (typeof points)[number]) => Exact) => ({
    title: name,
    points: points.map((point) => ({ x: drawn(point.use), y: drawn(of(point)) })),
  });
  const isChanged = points.some(({ before, after }) => !before.eq(after));
  const chart = lineChart(
    [
      line("单位成本", ({ unitCost }) => unitCost),
      line("上限（现行）", ({ before }) => before),
      ...(isChanged ? [line("上限（假设）", ({ after }) => after)] : []),
    ],
    { title: title.zh, xTitle: "预估年使用量（单位）", yTitle: "元/单位" },
  );
  return html`<h3>${title.zh} <span lang="en">${title.en}</span></h3>
    ${chart}
    ${pointTable(
      ["预估年使用量", "单位成本", "上限（现行）", "上限（假设）"],
      points.map(({ use, unitCost, before, after }) => [use, unitCost, before, after]),
    )}`;
}

function incomeSection({ income }: SimulationCurves): Markup {
  const line = (title: string, of: (point: (typeof income)[number]) => Exact) => ({
    title,
    points: income.map((point) => ({ x: Number(point.multiple), y: drawn(of(point)) })),
  });
  const isChanged = income.some(({ before, after }) => !before.eq(after));
  const chart = lineChart(
    [
      line("实际收入（现行）", ({ before }) => before),
      ...(isChanged ? [line("实际收入（假设）", ({ after }) => after)] : []),
      { ...line("最高准许收入", ({ permitted }) => permitted), isLimit: true as const },
    ],
    { title: "准许收入与实际收入", xTitle: "实际使用量为预估的倍数", yTitle: "元" },
  );
  const values = income.map(({ multiple, before, after, permitted }) => [multiple, before, after, permitted]);
  return html`<h2>准许收入与实际收入 <span lang="en">Permitted income against actual</span></h2>
    ${chart} ${pointTable(["实际使用量（倍）", "实际收入（现行）", "实际收入（假设）", "最高准许收入"], values)}`;
}

/** All digits of the points of a chart. */
function pointTable(headings: readonly string[], rows: readonly (readonly (string | Exact)[])[]): Markup {
  return html`<table class="figures">
    <thead>
      <tr>
        ${headings.map((heading) => html`<th class="number">${heading}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((value) => html`<td class="number">${typeof value === "string" ? value : valueText({ value, unit: "use" })}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Where a value is drawn; the tables have its digits. */
function drawn(value: Exact): number {
  return Number(exactText(value));
}
