/** A statement as a page and as a workbook, in Chinese.
 *  @module */
import { exactText, valueText, type Statement } from "@sluice/settlement";
import { explanationPage } from "../explain-page/page.ts";
import { explanationSheet, workbook, type WorkbookCell } from "../explain-page/workbook.ts";
import { html, type Markup } from "../officer/markup.ts";

const FORM_WORDS: Readonly<Record<Statement["lines"][number]["form"], string>> = {
  api: "API 调用",
  alert: "预警推送",
  dataset: "数据集",
  label: "输出标签",
  report: "分析报告",
};
const HEADINGS = ["使用方", "产品", "形态", "用途", "本月使用量", "免费用量", "应收金额（元）"] as const;

/** The page. `digest` is the hash under which the statement was issued. */
export function statementPage(statement: Statement, digest: string): string {
  const { month, rules, lines, total } = statement;
  return explanationPage({
    kind: { zh: "结算单", en: "Statement" },
    title: `${month.replace("-", " 年 ")} 月结算单`,
    facts: [
      ["应收合计", "Total", `${valueText(total)} 元`],
      ["行数", "Lines", String(lines.length)],
      ["规则集", "Rules", `${rules.sets.join("、")}（${rules.on}）`],
    ],
    sections: [linesTable(statement)],
    figures: lines.map(({ caller, product, amount }) => ({
      ...amount,
      label: { zh: `${caller} · ${product} ${amount.label.zh}`, en: `${caller} · ${product}: ${amount.label.en}` },
    })),
    footer: `结算单哈希 SHA-256 ${digest}`,
  });
}

function linesTable({ lines, total }: Statement): Markup {
  return html`<h2>明细 <span lang="en">Lines</span></h2>
    <table class="figures">
      <thead>
        <tr>
          ${HEADINGS.map((heading) => html`<th>${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${lines.map(
          ({ caller, product, form, purpose, use, free, amount }) =>
            html`<tr>
              <th>${caller}</th>
              <td>${product}</td>
              <td>${FORM_WORDS[form]}</td>
              <td>${purpose}</td>
              <td class="number">${valueText(use)}</td>
              <td class="number">${exactText(free)}</td>
              <td class="number">${valueText(amount)}</td>
            </tr>`,
        )}
      </tbody>
      <tfoot>
        <tr>
          <th colspan="6">合计</th>
          <td class="number">${valueText(total)}</td>
        </tr>
      </tfoot>
    </table>`;
}

/** The workbook: the lines, and how each amount was found. */
export async function statementWorkbook({ lines, total }: Statement): Promise<Uint8Array> {
  const rows = lines.map(({ caller, product, form, purpose, use, free, amount }): WorkbookCell[] => [
    caller,
    product,
    FORM_WORDS[form],
    purpose,
    { value: use.value, places: 0 },
    { value: free, places: 0 },
    { value: amount.value, places: 2 },
  ]);
  const sum: WorkbookCell[] = ["合计", "", "", "", "", "", { value: total.value, places: 2 }];
  const sheet = { name: "结算单", headings: HEADINGS, widths: [22, 26, 14, 22, 16, 14, 18], rows: [...rows, sum] };
  return await workbook([sheet, explanationSheet(lines.map(({ amount }) => amount))]);
}
