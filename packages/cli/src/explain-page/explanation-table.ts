/** An explanation as rows of a table, with the same columns on the page and in the workbook.
 *  @module */
import { roundingText, ruleText, UNIT_WORDS, valueText, type ExplanationRow } from "@sluice/settlement";

/** Headings in Chinese and English, in the order of the columns. */
export const COLUMNS = [
  { zh: "序号", en: "No." },
  { zh: "项目", en: "Figure" },
  { zh: "数值", en: "Value" },
  { zh: "单位", en: "Unit" },
  { zh: "公式", en: "Formula" },
  { zh: "依据", en: "Rule" },
  { zh: "取舍", en: "Rounding" },
  { zh: "来源", en: "From" },
  { zh: "凭证", en: "Evidence" },
] as const;

/** What one row says, as texts. */
export interface ExplanationCells {
  readonly number: string;
  readonly depth: number;
  readonly name: string;
  readonly englishName: string;
  readonly value: string;
  readonly unit: string;
  readonly formula: string;
  readonly rule: string;
  readonly isAssumed: boolean;
  readonly rounding: string;
  readonly from: string;
  readonly evidence: string;
}

/** The cells of a row. */
export function explanationCells({ number, depth, figure, explainedAt }: ExplanationRow): ExplanationCells {
  const { label, unit, line = "", evidence = "", derivation } = figure;
  const rule = derivation?.rule ?? figure.rule;
  const isExplained = explainedAt === undefined;
  return {
    number,
    depth,
    name: label.zh,
    englishName: label.en,
    value: valueText(figure),
    unit: UNIT_WORDS[unit].zh,
    formula: isExplained ? (derivation?.formula ?? "") : `见 ${explainedAt}`,
    rule: isExplained && rule !== undefined ? ruleText(rule, "zh") : "",
    isAssumed: rule?.assumed !== undefined,
    rounding: isExplained && derivation?.rounding !== undefined ? roundingText(derivation.rounding, "zh") : "",
    from: line,
    evidence,
  };
}
