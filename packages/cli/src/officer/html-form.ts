/** A page as one HTML file: no script, nothing fetched, every string escaped.
 *  @module */
import { html, type Markup } from "./markup.ts";
import type { Cell, Check, Comparison, Figure, Level, OfficerPage, Section, Words } from "./page.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { DIRECTION_WORDS } from "./text-form.ts";

const MARKS: Readonly<Record<Level, string>> = { good: "✓", caution: "!", bad: "✗" };
/** Rows from which a section may go over the end of a printed page. */
const LONG_TABLE_ROWS = 6;
/** Text up to this length stays on one line of a cell. */
const MAX_SHORT_CELL_CHARS = 8;

/** The whole file. */
export function htmlForm(page: OfficerPage): string {
  const { kind, heading, verdict } = page;
  const document = html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="referrer" content="no-referrer" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${heading} · ${kind.zh}</title>
        ${PAGE_STYLE}
      </head>
      <body>
        <main>
          <header>
            <div>
              <p>${words(kind)}</p>
              <h1><bdi>${heading}</bdi></h1>
            </div>
            <p class="number">编号 <code>${page.hash.slice(0, 16)}</code><br />${page.printedAt} 打印</p>
          </header>
          ${verdictBlock(verdict, page.checks)}
          <p class="lead"><bdi>${page.lead}</bdi></p>
          <div class="figures">${page.figures.map(figureBlock)}</div>
          ${page.comparison === null ? "" : comparisonBlock(page.comparison)}
          ${pointBlock("attention", { zh: "请留意", en: "Worth a second look" }, "caution", page.attention)}
          <div class="sides">
            ${pointBlock("allows", { zh: "签名之后，可以", en: "What the signature allows" }, "good", page.allows)}
            ${pointBlock("forbids", { zh: "签名之后，仍然不可以", en: "What it does not allow" }, "bad", page.forbids)}
          </div>
          ${page.sections.map(sectionBlock)}
          <footer>
            本页由 sluice 在本机离线生成，只反映打印时所附文件；以签名文件为准。编号 <code>${page.hash}</code>
          </footer>
        </main>
      </body>
    </html> `;
  return document.toString();
}

function words({ zh, en }: Words): Markup {
  return html`${zh} <span lang="en">${en}</span>`;
}

/** A class from a closed list: never text of a document. */
function levelClass(level: Level): Markup {
  return { good: html`good`, caution: html`caution`, bad: html`bad` }[level];
}

/** The verdict, with each other check below it. */
function verdictBlock(verdict: Check, checks: readonly Check[]): Markup {
  const others = checks.filter((check) => check !== verdict);
  return html`<div class="verdict ${levelClass(verdict.level)}" role="status">
    <span class="mark">${MARKS[verdict.level]}</span>
    <div>
      <strong>${verdict.words.zh}</strong><span lang="en">${verdict.words.en}</span>
      ${
        others.length === 0
          ? ""
          : html`<ul>
              ${others.map(checkItem)}
            </ul>`
      }
    </div>
  </div>`;
}

function figureBlock({ label, value, remark }: Figure): Markup {
  return html`<div>
    <span class="label">${words(label)}</span><b><bdi>${value}</bdi></b
    ><bdi class="remark">${remark}</bdi>
  </div>`;
}

function comparisonBlock({ against, changes }: Comparison): Markup {
  const items = changes.map(
    ({ direction, topic, text }) =>
      html`<li>
        <span class="tag ${directionClass(direction)}">${DIRECTION_WORDS[direction].zh}</span><b>${topic.zh}</b>
        <bdi>${text}</bdi>
      </li>`,
  );
  const body = items.length === 0 ? [html`<li><span class="tag">无</span>没有变化</li>`] : items;
  return html`<section class="changes">
    <h2>${words({ zh: "与上一版相比", en: "What changed since the last one" })}</h2>
    <p class="remark-line"><bdi>上一版：${against}</bdi></p>
    <ul>
      ${body}
    </ul>
  </section>`;
}

function directionClass(direction: keyof typeof DIRECTION_WORDS): Markup {
  return { wider: html`wider`, narrower: html`narrower`, other: html`other` }[direction];
}

function pointBlock(
  name: "attention" | "allows" | "forbids",
  title: Words,
  level: Level,
  points: readonly string[],
): Markup {
  if (points.length === 0) return html``;
  const items = points.map(
    (point) => html`<li><span class="mark ${levelClass(level)}">${MARKS[level]}</span><bdi>${point}</bdi></li>`,
  );
  return html`<section class="${name}">
    <h2>${words(title)}</h2>
    <ul>
      ${items}
    </ul>
  </section>`;
}

function checkItem({ level, words: text }: Check): Markup {
  return html`<li>
    <span class="mark ${levelClass(level)}">${MARKS[level]}</span><bdi>${text.zh}</bdi>
    <span lang="en">${text.en}</span>
  </li>`;
}

function sectionBlock({ title, columns, rows, remark }: Section): Markup {
  const long = rows.length >= LONG_TABLE_ROWS ? html`long` : html``;
  const wide = columns.length === 2 && rows.some((row) => row[1]?.code === true) ? html` class="full"` : html``;
  return html`<section class="${long}"><h2>${words(title)}</h2>
${remark === undefined ? "" : html`<p class="remark-line"><bdi>${remark}</bdi></p>`}
<table${wide}><thead><tr>${columns.map((column) => html`<th>${words(column)}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>
        ${row.map(cellBlock)}
      </tr>`,
  )}</tbody></table></section>`;
}

function cellBlock({ text, code, level }: Cell): Markup {
  const content = code === true ? html`<code>${text}</code>` : html`<bdi>${text}</bdi>`;
  const short = text.length <= MAX_SHORT_CELL_CHARS ? html`short` : html``;
  return html`<td class="${short} ${level === undefined ? "" : levelClass(level)}">${content}</td>`;
}
