/** What a sample is worth to a developer.
 *  @module */
import type { ColumnUtility, RiskReport } from "@sluice/protocol";
import { html, type Markup } from "../officer/markup.ts";
import { dataTable } from "../report-page/data-table.ts";
import { barChart, type Bar } from "./bars.ts";
import { figure, percent } from "./words.ts";

/** Least length of the axis of distances. */
const MIN_AXIS = 0.2;

/** Sections of the page. */
export function utilitySections({ utility }: RiskReport): Markup {
  const { columns, correlation, fidelity, discernibility, averageClass, loss, suppressedShare } = utility;
  const compared = columns.flatMap(({ name, distance }): Bar[] =>
    distance === undefined ? [] : [{ label: name, value: distance, text: figure(distance) }],
  );
  const kept = columns.flatMap(({ name, entropyKept }): Bar[] =>
    entropyKept === undefined ? [] : [{ label: name, value: entropyKept, text: percent(entropyKept) }],
  );
  const figures: [string, string, string | undefined][] = [
    ["保真度", "fidelity", fidelity === undefined ? undefined : figure(fidelity)],
    ["抑制的行", "rows suppressed", percent(suppressedShare)],
    ["可辨别度", "discernibility", figure(discernibility)],
    ["平均等价类（以 k 为单位）", "average class, in units of k", figure(averageClass)],
    ["模型的信息损失 NCP", "loss of the model", loss === undefined ? undefined : figure(loss)],
    [
      "相关系数的平均差",
      "mean difference of correlations",
      correlation === undefined ? undefined : figure(correlation.mean),
    ],
    [
      "相关系数的最大差",
      "largest difference of correlations",
      correlation === undefined ? undefined : `${figure(correlation.largest)}：${correlation.columns.join(" × ")}`,
    ],
  ];
  return html`<h2>效用 <span lang="en">Utility</span></h2>
    <table>
      <tbody>
        ${figures.flatMap(([zh, en, value]) =>
          value === undefined
            ? []
            : [
                html`<tr>
                  <th>${zh} <span lang="en">${en}</span></th>
                  <td>${value}</td>
                </tr>`,
              ],
        )}
      </tbody>
    </table>
    ${
      compared.length === 0
        ? ""
        : html`<h3>
              各列分布与全表之差
              <span lang="en">Total-variation distance of each column, sample against table, both transformed</span>
            </h3>
            ${barChart(compared, {
              label: "各列分布之差",
              most: Math.max(MIN_AXIS, ...compared.map(({ value }) => value)),
            })}`
    }
    ${
      kept.length === 0
        ? ""
        : html`<h3>变换后保留的信息 <span lang="en">Entropy kept by the transform</span></h3>
            ${barChart(kept, { label: "变换后保留的信息", most: 1 })}`
    }
    ${columns.length === 0 ? "" : columnTable(columns)}`;
}

function columnTable(columns: readonly ColumnUtility[]): Markup {
  const shown = (value: number | undefined): string => (value === undefined ? "–" : figure(value));
  return html`<details>
    <summary>各列明细 / all columns</summary>
    ${dataTable(
      [
        ["列", "Column"],
        ["缺失：样本", "missing, sample"],
        ["缺失：全表", "table"],
        ["分布之差", "distance"],
        ["均值误差 σ", "mean"],
        ["分位数误差 σ", "quantiles, largest"],
      ],
      columns.map(
        ({ name, missing, distance, bins, meanError, quantileErrors }) =>
          html`<tr>
            <th>${name}</th>
            <td>${percent(missing.sample)}</td>
            <td>${percent(missing.table)}</td>
            <td>${shown(distance)}${bins === undefined ? "" : ` (${bins})`}</td>
            <td>${shown(meanError)}</td>
            <td>${shown(quantileErrors === undefined ? undefined : Math.max(...quantileErrors))}</td>
          </tr>`,
      ),
    )}
  </details>`;
}
