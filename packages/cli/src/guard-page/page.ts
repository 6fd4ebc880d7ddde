/** What the guard found of one run, as an HTML file for the department's reviewer: verdict and rules, what was measured of its models,
 *  the bound on what it can carry, and what left before. No script, nothing fetched, every string escaped. It stays in the domain.
 *  @module */
import type { Inspection } from "@sluice/domain";
import type { GuardFinding, GuardVerdict } from "@sluice/protocol";
import { RESULT_WORDS, ruleWords } from "../officer/guard-words.ts";
import { lockfileWords } from "../lockfile-text.ts";
import { html, type Markup } from "../officer/markup.ts";
import { dataTable } from "../report-page/data-table.ts";
import { factList } from "../report-page/facts.ts";
import { REPORT_STYLE } from "../report-page/page-style.ts";
import { RISK_STYLE } from "../risk-page/style.ts";
import { channelSection, registerSection } from "./channel-sections.ts";
import { modelSections } from "./model-sections.ts";

const VERDICT_WORDS: Readonly<Record<GuardVerdict, { zh: string; en: string }>> = {
  release: { zh: "放行", en: "Release" },
  transform: { zh: "修整后放行", en: "Transform and release" },
  review: { zh: "须人工审查", en: "A reviewer must look" },
  refuse: { zh: "不予放行", en: "Refuse" },
};

/** The whole file. */
export function guardPage(inspection: Inspection): string {
  const { product, version, again, run, operation, bundle, same, sameSource } = inspection;
  const title = `${product} ${version}`;
  const source = sameSource === null ? "未登记 / not registered" : sameSource ? "未变 / unchanged" : "已变 / changed";
  const document = html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="referrer" content="no-referrer" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · 输出守卫查验报告</title>
        ${REPORT_STYLE} ${RISK_STYLE} ${GUARD_STYLE}
      </head>
      <body>
        <main>
          <header>
            <p>输出守卫查验报告 <span lang="en">Report of the output guard</span></p>
            <h1>${title}</h1>
          </header>
          ${verdict(again.verdict)}
          ${factList([
            ["运行", `Run: ${operation}`, run],
            ["重跑", "Made again", same ? "一致 / the same" : "不一致 / another"],
            ["数源", "Source table", source],
            ["依赖锁定文件", "Lockfile", lockfileWords(inspection.lockfile ?? undefined)],
          ])}
          ${rules(again.findings)} ${modelSections(inspection.evidence)} ${channelSection(inspection)}
          ${registerSection(inspection)}
          <footer>
            程序 <code>${bundle}</code> · 报告 <code>${inspection.againHash}</code><br />
            本页含域内数据上的实测数值，仅供数源部门审查，不得出域。
            <span lang="en"
              >This page holds what was measured on rows of the domain: for the department's reviewer alone, and not to
              leave the domain.</span
            >
          </footer>
        </main>
      </body>
    </html> `;
  return document.toString();
}

function verdict(word: GuardVerdict): Markup {
  const { zh, en } = VERDICT_WORDS[word];
  const look = { release: "passed", transform: "passed", review: "waiting", refuse: "refused" }[word];
  return html`<div class="verdict ${look}"><b>${zh}</b><span lang="en">${en}</span></div>`;
}

/** What does not pass first. */
function rules(findings: readonly GuardFinding[]): Markup {
  const order = ["refused", "review", "changed", "passed"];
  const sorted = findings.toSorted((a, b) => order.indexOf(a.result) - order.indexOf(b.result));
  const look = { passed: "ok", changed: "ok", review: "wait", refused: "bad" };
  return html`<h2>规则与结论 <span lang="en">Rules and results</span></h2>
    ${dataTable(
      [
        ["规则", "Rule"],
        ["输出", "Output"],
        ["结论", "Result"],
      ],
      sorted.map(
        (finding) =>
          html`<tr>
            <th><code>${finding.rule}</code> ${ruleWords(finding)}<br /><span lang="en">${finding.note}</span></th>
            <td>${finding.output === "all" ? "全部 / all" : finding.output}</td>
            <td class="${look[finding.result]}">${RESULT_WORDS[finding.result]}</td>
          </tr>`,
      ),
    )}`;
}

const GUARD_STYLE: Markup = html`<style>
  .waiting {
    background: #fdf6e3;
    border-color: #a86a00;
  }
  .waiting b,
  td.wait {
    color: #8a5600;
    font-weight: 700;
  }
  td.wait {
    white-space: nowrap;
  }
  svg .curve {
    fill: none;
    stroke: #1d5fa6;
    stroke-width: 2.5px;
  }
  svg .gap {
    stroke: #c06a00;
    stroke-width: 2.5px;
  }
  svg .chance {
    stroke: #8a96a3;
    stroke-dasharray: 4 4;
  }
</style>`;
