/** The table of results in the README: written between two markers, in the reader's language.
 *  @module */
import type { Row } from "./suite.ts";

/** Everything one run of a suite prints. */
export type Results = { suite: string; machine: string; commit: string; rows: Row[] };

const HEADINGS = {
  en: "| What | n | Result | Peer, measured in the same run | Times better |",
  zh: "| 项目 | n | 结果 | 同次测量的对照 | 倍数 |",
} as const;

/** Languages of the two READMEs. */
export type Language = keyof typeof HEADINGS;

/** English words with their Chinese. */
export type Translation = readonly (readonly [string, string])[];

/** `page` with the table of `results` between `<!-- bench:SUITE -->` and `<!-- bench:end -->`.
 *  @throws Error when the page has no such markers. */
export function writeTable(page: string, results: Results, language: Language, chinese: Translation = []): string {
  const open = `<!-- bench:${results.suite} -->`;
  const close = "<!-- bench:end -->";
  const start = page.indexOf(open);
  const end = page.indexOf(close, start);
  if (start < 0 || end < 0) throw new Error(`the page has no ${open} … ${close}`);
  return `${page.slice(0, start + open.length)}\n${renderTable(results, language, language === "zh" ? chinese : [])}\n${page.slice(end)}`;
}

function renderTable(results: Results, language: Language, translation: Translation): string {
  const rows = results.rows.map(({ name, n, value, unit, peer, peerValue, ratio }) => {
    const beside = peer === undefined ? "–" : `${peer}: ${peerValue ?? "–"} ${unit}`;
    const cells = `| ${name} | ${n} | ${value} ${unit} | ${beside} | ${ratio ?? "–"} |`;
    return translation.reduce((text, [from, to]) => text.replaceAll(from, to), cells);
  });
  const where = { en: "Measured on", zh: "测量环境：" }[language];
  return [
    HEADINGS[language],
    "|---|---:|---:|---|---:|",
    ...rows,
    "",
    `${where} ${results.machine}, ${results.commit}.`,
  ].join("\n");
}
