/** A risk report as one HTML file for a reviewer: verdict and rules first, then what the risk is made of, then what the sample
 *  is worth. No script, nothing fetched, every string escaped.
 *  @module */
import type { RiskReport } from "@sluice/protocol";
import { html, type Markup } from "../officer/markup.ts";
import { dataTable } from "../report-page/data-table.ts";
import { factList, type Fact } from "../report-page/facts.ts";
import { REPORT_STYLE } from "../report-page/page-style.ts";
import { riskSections } from "./risk-sections.ts";
import { RISK_STYLE } from "./style.ts";
import { utilitySections } from "./utility-sections.ts";
import { figure, LEVEL_WORDS, percent, REMEDY_WORDS, RULE_WORDS, ruleFigure, SHARING_WORDS } from "./words.ts";

/** The whole file. */
export function riskPage(report: RiskReport): string {
  const document = html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="referrer" content="no-referrer" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${report.resource} · 样本风险与效用报告</title>
        ${REPORT_STYLE} ${RISK_STYLE}
      </head>
      <body>
        <main>
          <header>
            <p>样本风险与效用报告 <span lang="en">Risk and utility of a sample</span></p>
            <h1>${report.resource}</h1>
          </header>
          ${verdict(report)} ${facts(report)} ${rules(report)} ${riskSections(report)} ${utilitySections(report)}
          ${footer(report)}
        </main>
      </body>
    </html> `;
  return document.toString();
}

function verdict({ verdict: word, level }: RiskReport): Markup {
  const passed = word === "passed";
  return html`<div class="verdict ${passed ? "passed" : "refused"}">
    <b>${passed ? "通过" : "不通过"}</b>
    <span
      >${LEVEL_WORDS[level].zh}<br /><span lang="en"
        >${passed ? "Passed" : "Refused"}, ${LEVEL_WORDS[level].en}</span
      ></span
    >
  </div>`;
}

function facts({ counts, overallRisk, k, bestK, sharing, utility, model }: RiskReport): Markup {
  const shown: Fact[] = [
    ["整体风险 R", "Overall risk", figure(overallRisk)],
    ["样本行数", "Rows", figure(counts.sampleRows)],
    ["人数", "Persons", figure(counts.persons)],
    ["等价类", "Classes", figure(counts.classes)],
    ["最小等价类", "Smallest class", figure(k)],
    ...(bestK === undefined ? [] : [["可达的最大 k", "Largest k in reach", figure(bestK)] as Fact]),
    ...modelFacts(model),
    ["抑制", "Suppressed", percent(utility.suppressedShare)],
    ...(utility.fidelity === undefined ? [] : [["保真度", "Fidelity", figure(utility.fidelity)] as Fact]),
    ["共享方式", `Sharing: ${SHARING_WORDS[sharing].en}`, SHARING_WORDS[sharing].zh],
  ];
  return factList(shown);
}

function modelFacts(model: RiskReport["model"]): Fact[] {
  if (model === undefined) return [];
  const { algorithm, levels, l, entropyL, t, delta } = model;
  const node = Object.entries(levels ?? {}).map(([name, level]) => `${name} ${level}`);
  return [
    ["模型", "Model", algorithm],
    ...(node.length === 0 ? [] : [["各列层级", "Level of each column", node.join(", ")] as Fact]),
    ...(l === undefined ? [] : [["l-多样性", "l, distinct", figure(l)] as Fact]),
    ...(entropyL === undefined ? [] : [["熵 l", "l, entropy", figure(entropyL)] as Fact]),
    ...(t === undefined ? [] : [["t-接近", "t", figure(t)] as Fact]),
    ...(delta === undefined ? [] : [["存在性 δ", "presence", `${figure(delta.min)}–${figure(delta.max)}`] as Fact]),
  ];
}

function rules({ gate }: RiskReport): Markup {
  const broken = gate.filter(({ passed }) => !passed);
  return html`<h2>放行规则 <span lang="en">Rules of the gate</span></h2>
    ${dataTable(
      [
        ["规则", "Rule"],
        ["实测", "Measured"],
        ["限值", "Limit"],
        ["结论", "Result"],
      ],
      gate.map(
        ({ rule, passed, measured, limit, columns }) =>
          html`<tr>
            <th>
              ${RULE_WORDS[rule].zh} <span lang="en">${RULE_WORDS[rule].en}</span>${
                columns === undefined ? "" : html`<br /><code>${columns.join(", ")}</code>`
              }
            </th>
            <td>${ruleFigure(rule, measured)}</td>
            <td>${ruleFigure(rule, limit)}</td>
            <td class="${passed ? "ok" : "bad"}">${passed ? "✓ 通过" : "✗ 不通过"}</td>
          </tr>`,
      ),
    )}
    ${
      broken.length === 0
        ? ""
        : html`<div class="mend">
            <b>如何改 <span lang="en">What would mend it</span></b>
            <ul>
              ${broken.map(
                ({ rule }) =>
                  html`<li>${REMEDY_WORDS[rule].zh}<br /><span lang="en">${rule}: ${REMEDY_WORDS[rule].en}</span></li>`,
              )}
            </ul>
          </div>`
    }`;
}

function footer({ policy, sourceSnapshot, versions, counts, salt }: RiskReport): Markup {
  return html`<footer>
    全表 ${figure(counts.sourceRows)} 行，抽取 ${figure(counts.drawnRows)} 行 · 策略 <code>${policy}</code> · 快照
    <code>${sourceSnapshot}</code> · 盐 <code>${salt}</code> · desensitize ${versions.desensitize} ·
    ${versions.engine}<br />
    GB/T 42460-2023 附录 D 的公式与数值取自二手资料，使用前请与标准原文核对一次。
    <span lang="en"
      >Formulas and figures of GB/T 42460-2023 Annex D are read second hand: compare them once with the standard. This
      report holds figures of the whole table and is for the department alone.</span
    >
  </footer>`;
}
