/** A measured table as text for an officer: verdict, types, and each rule with exact counts.
 *  @module */
import { ruleFields, type JudgedRule } from "@sluice/desensitize";
import type { MeasuredQuality } from "@sluice/domain";
import type { PublishedQuality, QualityRule, QualityType } from "@sluice/protocol";
import { visibleText } from "./officer/visible-text.ts";
import { formatTable } from "./table.ts";

const TYPE_ZH: Readonly<Record<QualityType, string>> = {
  completeness: "完整性",
  consistency: "一致性",
  accuracy: "准确性",
  validity: "有效性",
  timeliness: "及时性",
};

/** `measured` as text, ending in a line end. */
export function qualityText({ resource, officer, verdict }: MeasuredQuality): string {
  const { score, types, rules, passed } = verdict;
  const end = passed ? "passed 达标" : "FAILED: no product is launched on it 不达标，不得上线产品";
  const shares = Object.entries(types).map(
    ([type, share]) => `${type} ${TYPE_ZH[type as QualityType]} ${(100 * share).toFixed(2)} %`,
  );
  const head = ["RULE", "ABOUT", "PASSED", "OF", "SHARE", "LEAST", "VERDICT"];
  const rows = rules.map((judged) => [
    wordsOf(judged.rule),
    ruleFields(judged.rule).join(", ") || "–",
    ...countsOf(judged),
    judged.rule.type === "timeliness" ? "–" : percent(judged.rule.minShare),
    judged.passed ? "passed" : "FAILED",
  ]);
  const lines = [
    `${resource}: score 得分 ${score.toFixed(2)} of 100, ${end}`,
    shares.join("; "),
    `rules by 规则设定人 ${visibleText(officer)}`,
    "",
    formatTable([head, ...rows]),
  ];
  return `${lines.join("\n")}\n`;
}

/** What a department publishes of a table's quality, as one line with its end; nothing when it publishes none. */
export function publishedQualityText(quality: PublishedQuality | undefined): string {
  if (quality === undefined) return "";
  const types = Object.entries(quality.types).map(
    ([type, percent]) => `${type} ${TYPE_ZH[type as QualityType]} ${percent} %`,
  );
  return `quality 质量: ${quality.score} of 100 (${types.join(", ")}), measured ${quality.measuredAt}\n`;
}

function wordsOf(rule: QualityRule): string {
  const words = [rule.type, TYPE_ZH[rule.type]];
  if ("check" in rule) words.push(rule.check);
  if ("form" in rule) words.push(rule.form);
  return words.join(" ");
}

function countsOf({ outcome, share }: JudgedRule): [string, string, string] {
  switch (outcome.kind) {
    case "share":
      return [
        String(outcome.passed),
        String(outcome.judged),
        share === undefined ? "nothing to judge" : percent(share),
      ];
    case "fresh":
      return ["–", "–", outcome.until === null ? "no date" : `until ${outcome.until}`];
    case "unfit":
      return ["–", "–", "does not fit the table"];
  }
}

/** Never rounded up to a share that was not reached. */
function percent(share: number): string {
  return `${(Math.floor(share * 1e6 + 1e-6) / 1e4).toFixed(4)} %`;
}
