/** Explained figures as one HTML file: facts, a chart where there is one, and each figure with its formula, rule and rounding. Headings in
 *  Chinese and English. No script, nothing fetched, every string escaped.
 *  @module */
import { explain, type Figure } from "@sluice/settlement";
import { html, type Markup } from "../officer/markup.ts";
import { factList, type Fact } from "../report-page/facts.ts";
import { REPORT_STYLE } from "../report-page/page-style.ts";
import { COLUMNS, explanationCells } from "./explanation-table.ts";
import { EXPLANATION_STYLE } from "./page-style.ts";

/** What a page shows. */
export interface ExplanationPage {
  readonly kind: { readonly zh: string; readonly en: string };
  readonly title: string;
  readonly facts: readonly Fact[];
  /** Charts and tables between the facts and the explanation. */
  readonly sections?: readonly Markup[];
  readonly figures: readonly Figure[];
  /** Where the figures are from: rule sets, files. */
  readonly footer: string;
}

/** The whole file. */
export function explanationPage({ kind, title, facts, sections = [], figures, footer }: ExplanationPage): string {
  const document = html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="referrer" content="no-referrer" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · ${kind.zh}</title>
        ${REPORT_STYLE} ${EXPLANATION_STYLE}
      </head>
      <body>
        <main>
          <header>
            <p>${kind.zh} <span lang="en">${kind.en}</span></p>
            <h1>${title}</h1>
          </header>
          ${factList(facts)} ${sections} ${explanationSection(figures)}
          <footer>${footer}</footer>
        </main>
      </body>
    </html> `;
  return document.toString();
}

function explanationSection(figures: readonly Figure[]): Markup {
  const { rows, isCut } = explain(figures);
  const cells = rows.map(explanationCells);
  const assumed = cells.filter(({ isAssumed, rule }) => isAssumed && rule !== "");
  const note =
    assumed.length === 0
      ? html``
      : html`<p class="assumed">
          标有【推定】的 ${String(assumed.length)} 项所依规则在原文中缺失或未作规定。
          <span lang="en">Figures marked so rest on rules that the documents lack or do not give.</span>
        </p>`;
  return html`<h2>计算过程 <span lang="en">How each figure was found</span></h2>
    ${note}
    <table class="explanation">
      <thead>
        <tr>
          ${COLUMNS.map(({ zh, en }) => html`<th>${zh}<br /><span lang="en">${en}</span></th>`)}
        </tr>
      </thead>
      <tbody>
        ${cells.map(
          (cell) =>
            html`<tr class="${cell.isAssumed ? "assumed" : ""}">
              <td>${cell.number}</td>
              <td style="padding-left:${String(4 + Math.min(cell.depth, 8) * 10)}px">
                ${cell.name}<br /><span lang="en">${cell.englishName}</span>
              </td>
              <td class="number">${cell.value}</td>
              <td>${cell.unit}</td>
              <td>${cell.formula}</td>
              <td>${cell.rule}</td>
              <td>${cell.rounding}</td>
              <td>${cell.from}</td>
              <td>${cell.evidence}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${isCut ? html`<p>其余从略 <span lang="en">more is left out</span></p>` : ""}`;
}
