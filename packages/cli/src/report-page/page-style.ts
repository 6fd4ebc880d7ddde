/** The look of a report's page, on a screen and on A4. System fonts only: nothing is fetched.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";

/** The style element. */
export const REPORT_STYLE: Markup = html`<style>
  @page {
    size: A4;
    margin: 14mm;
  }
  * {
    box-sizing: border-box;
  }
  body {
    margin: 0;
    background: #e9edf1;
    color: #16202b;
    font:
      14px/1.55 "Noto Sans CJK SC",
      "Source Han Sans SC",
      "PingFang SC",
      "Microsoft YaHei",
      sans-serif;
    -webkit-print-color-adjust: exact;
    print-color-adjust: exact;
  }
  main {
    max-width: 210mm;
    margin: 20px auto;
    padding: 13mm 14mm;
    background: #fff;
    box-shadow: 0 1px 6px #0002;
  }
  header {
    border-bottom: 2px solid #1d4f7c;
    padding-bottom: 8px;
  }
  header p {
    margin: 0;
    color: #1d4f7c;
    font-weight: 700;
  }
  h1 {
    margin: 2px 0 0;
    font-size: 25px;
    line-height: 1.3;
    overflow-wrap: anywhere;
  }
  h2 {
    margin: 22px 0 6px;
    font-size: 17px;
  }
  h2,
  h3,
  summary {
    break-after: avoid;
  }
  h3 {
    margin: 14px 0 4px;
    font-size: 14px;
    color: #1d4f7c;
  }
  [lang="en"] {
    color: #5b6774;
    font-size: 12px;
    font-weight: 400;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 28px;
    margin: 12px 0 0;
  }
  .facts dt {
    color: #5b6774;
    font-size: 12px;
  }
  .facts dd {
    margin: 0;
    font-size: 18px;
    font-weight: 700;
    font-variant-numeric: tabular-nums;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 22px;
    margin: 14px 0 0;
    padding: 7px 12px;
    background: #f4f6f8;
    border-radius: 5px;
    font-size: 12.5px;
  }
  .legend i {
    display: inline-block;
    width: 26px;
    height: 14px;
    margin-right: 6px;
    vertical-align: -2px;
    border: 1px solid #d8dee5;
    background: repeating-linear-gradient(45deg, #cfd6dd 0 2px, #fafbfc 2px 6px);
  }
  svg {
    display: block;
    width: 100%;
    height: auto;
    margin: 6px 0;
  }
  svg text {
    font-size: 12px;
    fill: #16202b;
  }
  svg .axis,
  svg .name {
    fill: #5b6774;
    font-size: 11px;
  }
  svg .value {
    font-variant-numeric: tabular-nums;
  }
  svg .absent {
    fill: #5b6774;
    font-size: 11px;
  }
  svg .on-dark {
    fill: #fff;
  }
  svg .bar {
    fill: #2f6ea5;
  }
  svg .rule {
    stroke: #e3e8ee;
  }
  svg .zero {
    stroke: #5b6774;
  }
  svg .cell {
    stroke: #e3e8ee;
  }
  table {
    border-collapse: collapse;
    width: 100%;
    margin: 6px 0;
    font-size: 12.5px;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 3px 7px;
    border-bottom: 1px solid #d8dee5;
    text-align: right;
    overflow-wrap: anywhere;
  }
  th {
    font-weight: 600;
  }
  thead th {
    vertical-align: bottom;
    background: #f4f6f8;
  }
  .totals {
    display: flex;
    flex-wrap: wrap;
    align-items: start;
    gap: 10px 40px;
  }
  .totals table {
    width: auto;
    min-width: 240px;
    flex: 1;
  }
  details {
    margin: 2px 0 8px;
    overflow-x: auto;
  }
  summary {
    color: #1d4f7c;
    font-size: 12px;
    cursor: pointer;
  }
  th:first-child {
    min-width: 9em;
    text-align: left;
  }
  td.none {
    color: #7a8592;
    font-size: 11.5px;
  }
  tfoot th,
  tfoot td {
    font-weight: 700;
    background: #f4f6f8;
  }
  ul {
    margin: 4px 0;
    padding-left: 20px;
  }
  footer {
    margin-top: 20px;
    border-top: 1px solid #d8dee5;
    padding-top: 6px;
    color: #5b6774;
    font-size: 11px;
    overflow-wrap: anywhere;
  }
  section,
  figure {
    break-inside: avoid;
    margin: 0;
  }
  section.long {
    break-inside: auto;
  }
  tr,
  svg {
    break-inside: avoid;
  }
  @media print {
    body {
      background: #fff;
    }
    main {
      margin: 0;
      padding: 0;
      max-width: none;
      box-shadow: none;
    }
    details:not([open]) {
      display: none;
    }
  }
  @media (max-width: 640px) {
    main {
      margin: 0;
      padding: 16px;
    }
  }
</style>`;
