/** A page for a terminal: the same content as the HTML form, in lines.
 *  @module */
import { displayWidth, formatTable } from "../table.ts";
import type { Check, Comparison, Level, OfficerPage, Section, Words } from "./page.ts";
import { visibleText } from "./visible-text.ts";

/** Widest table in columns of the terminal; a wider one is written as one block for each row. */
const MAX_TABLE_COLUMNS = 100;

const MARKS: Readonly<Record<Level, string>> = { good: "[✓]", caution: "[!]", bad: "[✗]" };
/** Words for the direction of a change. */
export const DIRECTION_WORDS = {
  wider: { zh: "放宽", en: "wider" },
  narrower: { zh: "收紧", en: "narrower" },
  other: { zh: "改动", en: "changed" },
} as const satisfies Record<string, Words>;

/** The page as text that ends with a line break. */
export function textForm(page: OfficerPage): string {
  const { verdict, checks, figures } = page;
  const blocks = [
    [both(page.kind), `《${visibleText(page.heading)}》`],
    verdictLines(verdict, checks),
    [visibleText(page.lead)],
    figures.map(({ label, value, remark }) => {
      const more = remark === "" ? "" : `（${visibleText(remark)}）`;
      return `  ${visibleText(label.zh)}：${visibleText(value)}${more}`;
    }),
    page.comparison === null ? [] : comparisonLines(page.comparison),
    list({ zh: "请留意", en: "Worth a second look" }, "!", page.attention),
    list({ zh: "签名之后，可以", en: "What the signature allows" }, "✓", page.allows),
    list({ zh: "签名之后，仍然不可以", en: "What it does not allow" }, "✗", page.forbids),
    ...page.sections.map(sectionLines),
    [`编号 ${visibleText(page.hash)}`, `打印时间 ${visibleText(page.printedAt)}（北京时间）`],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function both({ zh, en }: Words): string {
  return `${visibleText(zh)} / ${visibleText(en)}`;
}

/** The verdict, then each other check. */
function verdictLines(verdict: Check, checks: readonly Check[]): string[] {
  return [verdict, ...checks.filter((check) => check !== verdict)].map(
    ({ level, words }, i) => `${i === 0 ? "" : "    "}${MARKS[level]} ${both(words)}`,
  );
}

function list(title: Words, mark: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  return [`── ${both(title)}`, ...items.map((item) => `  ${mark} ${visibleText(item)}`)];
}

function comparisonLines({ against, changes }: Comparison): string[] {
  const lines = changes.map(
    ({ direction, topic, text }) =>
      `  【${DIRECTION_WORDS[direction].zh}】${visibleText(topic.zh)}：${visibleText(text)}`,
  );
  const title = `── 与上一版相比 / Changes since the last one（${visibleText(against)}）`;
  return [title, ...(lines.length === 0 ? ["  没有变化"] : lines)];
}

function sectionLines({ title, columns, rows, remark }: Section): string[] {
  const cells = rows.map((row) => row.map(({ text, level }) => visibleText(text) + (level === "bad" ? " [✗]" : "")));
  const names = columns.map(({ zh }) => visibleText(zh));
  const table = formatTable([names, ...cells]).split("\n");
  const fits = table.every((line) => displayWidth(line) <= MAX_TABLE_COLUMNS) || columns.length <= 2;
  const lines = fits ? table.map((line) => `  ${line}`) : cells.flatMap((row) => blockLines(names, row));
  return [`── ${both(title)}`, ...(remark === undefined ? [] : [`  ${visibleText(remark)}`]), ...lines];
}

function blockLines(names: readonly string[], row: readonly string[]): string[] {
  const [first = "", ...rest] = row;
  return [`  ${first}`, ...rest.map((text, i) => `      ${names[i + 1] ?? ""}：${text}`)];
}
