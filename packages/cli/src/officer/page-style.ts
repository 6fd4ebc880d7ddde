/** The look of an officer's page, on a screen and on A4. System fonts only: nothing is fetched.
 *  @module */
import { html, type Markup } from "./markup.ts";

/** The style element. */
export const PAGE_STYLE: Markup = html`<style>
  @page {
    size: A4;
    margin: 13mm 14mm 14mm;
  }
  :root {
    --ink: #16202b;
    --soft: #5b6774;
    --line: #d8dee5;
    --pale: #f4f6f8;
    --accent: #1d4f7c;
    --good: #1c6b43;
    --good-pale: #e9f5ee;
    --caution: #8a5a00;
    --caution-pale: #fdf4e0;
    --bad: #a3201a;
    --bad-pale: #fcebea;
  }
  * {
    box-sizing: border-box;
  }
  body {
    margin: 0;
    background: #e9edf1;
    color: var(--ink);
    font:
      14px/1.6 "Noto Sans CJK SC",
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
  h1,
  h2,
  p,
  ul {
    margin: 0;
  }
  bdi {
    overflow-wrap: anywhere;
  }
  [lang="en"] {
    color: var(--soft);
    font-size: 11px;
    font-weight: 400;
    letter-spacing: 0.01em;
  }
  header {
    display: flex;
    justify-content: space-between;
    align-items: end;
    gap: 16px;
    border-bottom: 2px solid var(--accent);
    padding-bottom: 8px;
  }
  header p {
    color: var(--accent);
    font-weight: 700;
    line-height: 1.4;
  }
  header [lang="en"] {
    margin-left: 8px;
  }
  header .number {
    color: var(--soft);
    font-size: 12px;
    font-weight: 400;
    text-align: right;
    flex: none;
  }
  h1 {
    font-size: 25px;
    line-height: 1.3;
    margin-top: 2px;
    overflow-wrap: anywhere;
  }
  .verdict {
    display: flex;
    gap: 12px;
    align-items: start;
    margin: 12px 0 10px;
    padding: 9px 14px;
    border-radius: 5px;
    border-left: 6px solid;
  }
  .verdict .mark {
    font-size: 22px;
    font-weight: 700;
    line-height: 1;
  }
  .verdict strong {
    font-size: 16px;
    display: block;
    line-height: 1.4;
  }
  .good {
    color: var(--good);
  }
  .caution {
    color: var(--caution);
  }
  .bad {
    color: var(--bad);
  }
  .verdict.good {
    background: var(--good-pale);
  }
  .verdict.caution {
    background: var(--caution-pale);
  }
  .verdict.bad {
    background: var(--bad-pale);
  }
  .lead {
    font-size: 16px;
    line-height: 1.7;
  }
  .figures {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    margin: 12px 0;
  }
  .figures div {
    flex: 1 1 auto;
    border: 1px solid var(--line);
    border-radius: 5px;
    padding: 7px 11px;
  }
  .figures b {
    display: block;
    font-size: 19px;
    word-break: keep-all;
    line-height: 1.35;
    color: var(--accent);
  }
  .figures .label {
    font-size: 12px;
  }
  .figures .remark {
    font-size: 11px;
    color: var(--soft);
    display: block;
    line-height: 1.4;
  }
  section {
    margin-top: 14px;
    break-inside: avoid;
  }
  section.long {
    break-inside: auto;
  }
  h2 {
    font-size: 15px;
    border-left: 4px solid var(--accent);
    padding-left: 8px;
    line-height: 1.4;
    break-after: avoid;
  }
  h2 [lang="en"] {
    margin-left: 6px;
  }
  .remark-line {
    color: var(--soft);
    font-size: 12.5px;
    margin: 4px 0 0 12px;
  }
  ul {
    list-style: none;
    padding: 0;
    margin-top: 5px;
  }
  li {
    padding: 2px 0 2px 25px;
    position: relative;
    font-size: 13.5px;
    line-height: 1.55;
  }
  li .mark {
    position: absolute;
    left: 6px;
    font-weight: 700;
  }
  .sides {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 14px;
  }
  .sides section {
    border: 1px solid var(--line);
    border-radius: 5px;
    padding: 10px 12px;
  }
  .sides section:first-child h2 {
    border-color: var(--good);
  }
  .sides section:last-child h2 {
    border-color: var(--bad);
  }
  .attention {
    background: var(--caution-pale);
    border-radius: 5px;
    padding: 9px 12px;
  }
  .attention h2 {
    border-color: var(--caution);
  }
  .changes {
    border: 1px solid var(--accent);
    border-radius: 5px;
    padding: 10px 12px;
  }
  .changes li {
    padding-left: 58px;
  }
  .tag {
    position: absolute;
    left: 0;
    top: 4px;
    width: 46px;
    text-align: center;
    border-radius: 3px;
    font-size: 12px;
    line-height: 18px;
    background: var(--pale);
    border: 1px solid var(--line);
  }
  .tag.wider {
    color: var(--bad);
    background: var(--bad-pale);
    border-color: currentColor;
  }
  .tag.narrower {
    color: var(--good);
    background: var(--good-pale);
    border-color: currentColor;
  }
  table {
    border-collapse: collapse;
    width: 100%;
    margin-top: 6px;
    font-size: 13px;
    line-height: 1.5;
  }
  th {
    text-align: left;
    background: var(--pale);
    font-weight: 600;
    line-height: 1.3;
  }
  th [lang="en"] {
    display: block;
    font-size: 10px;
  }
  th,
  td {
    border-bottom: 1px solid var(--line);
    padding: 4px 8px;
    vertical-align: top;
  }
  thead {
    display: table-header-group;
  }
  tr {
    break-inside: avoid;
  }
  td.short {
    white-space: nowrap;
  }
  .verdict ul {
    margin-top: 4px;
    display: flex;
    flex-wrap: wrap;
    gap: 0 18px;
  }
  .verdict li {
    padding: 0 0 0 18px;
    font-size: 12.5px;
    color: var(--ink);
  }
  .verdict li .mark {
    left: 0;
    font-size: 13px;
    line-height: 1.55;
  }
  code {
    font:
      12px/1.5 "Noto Sans Mono CJK SC",
      "DejaVu Sans Mono",
      Consolas,
      monospace;
    overflow-wrap: anywhere;
  }
  td:first-child code {
    white-space: nowrap;
  }
  .full td:first-child {
    width: 30%;
  }
  .full code {
    font-size: 10.5px;
  }
  footer {
    margin-top: 16px;
    padding-top: 8px;
    border-top: 1px solid var(--line);
    color: var(--soft);
    font-size: 11.5px;
  }
  @media print {
    body {
      background: #fff;
      font-size: 12.5px;
    }
    main {
      margin: 0;
      padding: 0;
      box-shadow: none;
      max-width: none;
      zoom: 0.86;
    }
    .sides + section {
      break-before: page;
    }
  }
  @media (max-width: 640px) {
    main {
      padding: 16px;
      margin: 0;
    }
    .sides {
      grid-template-columns: 1fr;
    }
  }
</style>`;
