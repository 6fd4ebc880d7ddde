/** An explanation as text: one line for each figure, indented under what it is an input of.
 *  @module */
import type { Label } from "../figure.ts";
import type { Explanation } from "./explanation.ts";
import { roundingText, ruleText, UNIT_WORDS, valueText } from "./figure-words.ts";

const WORDS = {
  zh: { see: "见", formula: "公式", rule: "依据", rounding: "取舍", line: "来源", evidence: "凭证", cut: "其余从略" },
  en: {
    see: "see",
    formula: "formula",
    rule: "rule",
    rounding: "rounded",
    line: "from",
    evidence: "evidence",
    cut: "more is left out",
  },
} as const;

/** Lines of text, without a last line break. */
export function explanationText({ rows, isCut }: Explanation, language: keyof Label = "zh"): string {
  const words = WORDS[language];
  const lines = rows.flatMap(({ number, depth, figure, explainedAt }) => {
    const indent = "  ".repeat(depth);
    const unit = UNIT_WORDS[figure.unit][language];
    const value = `${valueText(figure)}${unit === "" ? "" : ` ${unit}`}`;
    const head = `${indent}${number} ${figure.label[language]} = ${value}`;
    if (explainedAt !== undefined) return [`${head}  (${words.see} ${explainedAt})`];
    const under = (name: string, text: string | undefined): string[] =>
      text === undefined ? [] : [`${indent}    ${name}: ${text}`];
    const { derivation, rule, line, evidence } = figure;
    const from = derivation?.rule ?? rule;
    return [
      head,
      ...under(words.formula, derivation?.formula),
      ...under(words.rule, from === undefined ? undefined : ruleText(from, language)),
      ...under(
        words.rounding,
        derivation?.rounding === undefined ? undefined : roundingText(derivation.rounding, language),
      ),
      ...under(words.line, line),
      ...under(words.evidence, evidence),
    ];
  });
  return [...lines, ...(isCut ? [`… ${words.cut}`] : [])].join("\n");
}
