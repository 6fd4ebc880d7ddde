/** A risk report on a terminal.
 *  @module */
import type { RiskReport } from "@sluice/protocol";
import { formatTable } from "../table.ts";
import { figure, LEVEL_WORDS, percent, REMEDY_WORDS, RULE_WORDS, ruleFigure, SHARING_WORDS } from "./words.ts";

/** The lines of `report`. */
export function riskText(report: RiskReport): string {
  const { counts, classRisk, contextRisk, attackers, utility, minimalUniques } = report;
  const level = LEVEL_WORDS[report.level];
  const verdict = report.verdict === "passed" ? "通过 / passed" : "不通过 / refused";
  const facts: string[][] = [
    ["结论 verdict", verdict],
    ["等级 level", `${level.zh} / ${level.en}`],
    ["资源 resource", report.resource],
    ["共享方式 sharing", `${SHARING_WORDS[report.sharing].zh} / ${SHARING_WORDS[report.sharing].en}`],
    ["样本 sample", `${counts.sampleRows} rows of ${counts.persons} persons, ${counts.suppressedRows} suppressed`],
    ["等价类 classes", `${counts.classes}, smallest ${report.k}, best k ${report.bestK ?? "-"}`],
    [
      "整体风险 R",
      `${figure(report.overallRisk)} = ${figure(classRisk.mean)} (DRc) × ${figure(contextRisk.value)} (CR)`,
    ],
    [
      "  情形 context",
      contextRisk.stated ? "策略写明 / stated by the policy" : "未写明，按最严取值 / not stated: assumed",
    ],
    ["检察者 prosecutor", figure(attackers.prosecutor.highest)],
    ...(attackers.journalist === undefined ? [] : [["记者 journalist", figure(attackers.journalist.highest)]]),
    ...(attackers.marketer === undefined ? [] : [["营销者 marketer", figure(attackers.marketer)]]),
    ...(minimalUniques === undefined ? [] : [["唯一组合 minimal uniques", `${percent(minimalUniques.rows)} of rows`]]),
    ...(utility.fidelity === undefined ? [] : [["保真度 fidelity", figure(utility.fidelity)]]),
  ];
  if (report.overallRisk === 1) facts[6] = ["整体风险 R", "1: a class is below the threshold"];
  const rules = report.gate.map(({ rule, passed, measured, limit, columns }) => [
    passed ? "✓" : "✗",
    `${RULE_WORDS[rule].zh} / ${RULE_WORDS[rule].en} ${ruleFigure(rule, limit)}`,
    `${ruleFigure(rule, measured)}${columns === undefined ? "" : `: ${columns.join(", ")}`}`,
  ]);
  const found = report.residual.map(({ column, kind, values }) => [
    "检出 found",
    column,
    values === undefined ? kind : `${kind} × ${values}`,
  ]);
  const remedies = report.gate
    .filter(({ passed }) => !passed)
    .map(({ rule }) => `→ ${rule}: ${REMEDY_WORDS[rule].zh}\n  ${REMEDY_WORDS[rule].en}`);
  return `${[formatTable(facts), "", formatTable([...rules, ...found]), ...(remedies.length === 0 ? [] : ["", ...remedies])].join("\n")}\n`;
}
