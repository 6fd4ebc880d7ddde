/** What pages of explained figures add to the look of reports.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";

/** Widths of the columns of `explanation-table.ts`, in per cent. */
const WIDTHS = [6, 18, 10, 7, 11, 18, 11, 11, 8];

/** The style element. */
export const EXPLANATION_STYLE: Markup = html`<style>
  @page {
    size: A4 landscape;
  }
  main {
    max-width: 297mm;
  }
  table.explanation {
    width: 100%;
    table-layout: fixed;
    font-size: 12px;
    border-collapse: collapse;
  }
  ${WIDTHS.map((width, i) => html`table.explanation th:nth-child(${String(i + 1)}) { width: ${String(width)}%; } `)}
    svg {
    max-width: 820px;
  }
  table.explanation th,
  table.explanation td {
    padding: 3px 6px;
    text-align: left;
    vertical-align: top;
    overflow-wrap: anywhere;
  }
  table.explanation td.number,
  table.figures td.number {
    text-align: right;
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }
  table.figures td:not(.number),
  table.figures th:not(:last-child) {
    text-align: left;
  }
  table.figures th.number {
    text-align: right;
  }
  table.explanation th:first-child,
  table.explanation td:first-child {
    white-space: nowrap;
  }
  tr.assumed td,
  p.assumed {
    background: #fdf6e3;
  }
  p.assumed {
    padding: 5px 10px;
    border-radius: 5px;
  }
</style>`;
