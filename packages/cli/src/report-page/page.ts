/** A report as one HTML file: charts as inline SVG, tables beside them, headings in Chinese and English. No script, nothing
 *  fetched, every string escaped.
 *  @module */
import type { NoisyTable, Report, Table } from "@sluice/protocol";
import { html, type Markup } from "../officer/markup.ts";
import { chart, showsNumbers, unlistedLong, unlistedShort } from "./chart.ts";
import { factList, type Fact } from "./facts.ts";
import {
  figuresOf,
  formatNumber,
  gridsOf,
  rangeOf,
  type Figure,
  type Grid,
  type GridTable,
  type Shown,
} from "./grids.ts";
import { noiseWords, noisyGrid, noisyTitle } from "./noisy-words.ts";
import { REPORT_STYLE } from "./page-style.ts";

/** Levels from which a section may go over the end of a printed page. */
const LONG_GRID_ROWS = 16;
/** Columns of one HTML table: a wider grid is cut into several. */
const MAX_TABLE_COLUMNS = 10;

/** The whole file. `restrictions` are the rules of use of the grant behind it. */
export function reportPage(report: Report, { restrictions }: { readonly restrictions: readonly string[] }): string {
  const { table, product, version, domain, at, source } = report;
  const document = html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="referrer" content="no-referrer" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${product} · 分析报告</title>
        ${REPORT_STYLE}
      </head>
      <body>
        <main>
          <header>
            <p>分析报告 <span lang="en">Report</span></p>
            <h1>${product}</h1>
          </header>
          ${factsOf(report)} ${table.kind === "table" ? guardedSections(table) : noisySections(table)}
          ${restrictions.length === 0 ? "" : rulesSection(restrictions)}
          <footer>
            数据域 ${domain} · 版本 ${String(version)} · 生成于 ${at} · 源数据哈希 <code>${source}</code><br />
            <span lang="en">${footerWords(table)}</span>
          </footer>
        </main>
      </body>
    </html> `;
  return document.toString();
}

function factsOf({ table, at, name }: Report): Markup {
  const facts: Fact[] = [
    table.kind === "table"
      ? ["合计（所示各格）", "Total of the cells shown", formatNumber(table.total)]
      : ["格数", "Cells", formatNumber(table.cells.length)],
    ["分组维度", "Dimensions", table.dimensions.map((dimension) => dimension.name).join(" × ")],
    ["表名", "Table", name],
    ["日期", "Date", at.slice(0, 10)],
  ];
  return factList(facts);
}

function guardedSections(table: Table): Markup {
  const sections = figuresOf(table).map((figure, i) =>
    figureSection(table, figure, i, { title: guardedTitle(figure), minimum: table.minimum }),
  );
  return html`${legend(table)} ${sections} ${totalsSection(table)}`;
}

function guardedTitle({ measure }: Figure): [zh: string, en: string] {
  return measure === null ? ["行数", "Rows"] : [`均值：${measure}`, `Mean of ${measure}`];
}

function noisySections(table: NoisyTable): Markup {
  const grid = noisyGrid(table);
  const notes = noiseWords(table).map(([zh, en]) => html`<span>${zh} <span lang="en">${en}</span></span>`);
  const sections = figuresOf(grid).map((figure, i) =>
    figureSection(grid, figure, i, { title: noisyTitle(figure), minimum: 0 }),
  );
  return html`<div class="legend">${notes}</div>
    ${sections}`;
}

function footerWords(table: Table | NoisyTable): string {
  return table.kind === "table"
    ? `Counts are rounded to multiples of ${table.base}; means have three significant digits.`
    : "Counts and sums carry noise; means are made from both.";
}

function legend({ minimum, base, measures }: Table): Markup {
  return html`<div class="legend">
    <span><i></i>${unlistedLong(minimum)}</span>
    ${measures.length === 0 ? "" : html`<span>* 均值不公布 <span lang="en">mean withheld: a few would dominate it</span></span>`}
    <span>行数取整到 ${String(base)} 的倍数 <span lang="en">rows rounded to multiples of ${String(base)}</span></span>
  </div>`;
}

function figureSection(
  table: GridTable,
  figure: Figure,
  index: number,
  { title: [zh, en], minimum }: { readonly title: readonly [zh: string, en: string]; readonly minimum: number },
): Markup {
  const grids = gridsOf(table, figure);
  const scale = rangeOf(grids) ?? { least: 0, most: 1 };
  return html`<h2>${zh} <span lang="en">${en}</span></h2>
    ${grids.map((grid, i) => {
      const title = grid.level === null ? "" : `${grid.level.dimension}：${grid.level.level}`;
      const label = title === "" ? en : `${en}, ${title}`;
      return html`<section class="${grid.rows.length > LONG_GRID_ROWS ? "long" : "whole"}">
        ${title === "" ? "" : html`<h3>${title}</h3>`}
        <figure>${chart(grid, { scale, minimum, id: `chart-${index}-${i}`, label })}</figure>
        ${details(showsNumbers(grid), gridTables(grid, minimum))}
      </section>`;
    })}`;
}

/** The numbers once more as a table: folded where the chart shows them. */
function details(folded: boolean, content: Markup): Markup {
  const summary = html`<summary>数字表 <span lang="en">The numbers as a table</span></summary>`;
  return folded ? html`<details>${summary}${content}</details>` : html`<details open>${summary}${content}</details>`;
}

function gridTables(grid: Grid, minimum: number): Markup {
  const starts = grid.columns.flatMap((_, column) => (column % MAX_TABLE_COLUMNS === 0 ? [column] : []));
  return html`${starts.map((start) => {
    const end = start + MAX_TABLE_COLUMNS;
    const columns = grid.columns.slice(start, end);
    return gridTable({ ...grid, columns, cells: grid.cells.map((row) => row.slice(start, end)) }, minimum);
  })}`;
}

function gridTable({ rowName, columnName, rows, columns, cells }: Grid, minimum: number): Markup {
  const head = columnName === null ? rowName : `${rowName} \\ ${columnName}`;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">${head}</th>
        ${columns.map((column) => html`<th scope="col">${column}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row, i) =>
          html`<tr>
            <th scope="row">${row}</th>
            ${(cells[i] ?? []).map((cell) => tableCell(cell, minimum))}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function tableCell(cell: Shown, minimum: number): Markup {
  switch (cell.kind) {
    case "number":
      return html`<td>${formatNumber(cell.value)}</td>`;
    case "withheld":
      return html`<td class="none">*</td>`;
    case "unlisted":
      return html`<td class="none">${unlistedShort(minimum)}</td>`;
  }
}

function totalsSection({ dimensions, totals, total }: Table): Markup {
  if (dimensions.length === 1) return html``;
  return html`<section class="long">
    <h2>合计 <span lang="en">Totals of the cells shown</span></h2>
    <div class="totals">
      ${dimensions.map(
        ({ name, levels }, d) =>
          html`<table>
            <thead>
              <tr>
                <th scope="col">${name}</th>
                <th scope="col">行数 <span lang="en">rows</span></th>
              </tr>
            </thead>
            <tbody>
              ${levels.map(
                (level, i) =>
                  html`<tr>
                    <th scope="row">${level}</th>
                    <td>${formatNumber(totals[d]?.[i] ?? 0)}</td>
                  </tr>`,
              )}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row">合计 <span lang="en">total</span></th>
                <td>${formatNumber(total)}</td>
              </tr>
            </tfoot>
          </table>`,
      )}
    </div>
  </section>`;
}

function rulesSection(restrictions: readonly string[]): Markup {
  return html`<section>
    <h2>使用规则 <span lang="en">Rules of use</span></h2>
    <ul>
      ${restrictions.map((text) => html`<li><bdi>${text}</bdi></li>`)}
    </ul>
  </section>`;
}
