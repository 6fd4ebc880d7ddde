/** What a risk report says, in Chinese and English: rules of the gate, what would mend each, levels, degrees.
 *  @module */
import { formatNumber } from "../report-page/grids.ts";
import type { GateResult, ReleaseContext, RiskReport } from "@sluice/protocol";

/** Chinese and English. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** What each rule asks. */
export const RULE_WORDS: Readonly<Record<GateResult["rule"], Words>> = {
  k: { zh: "最小等价类的人数不少于 k", en: "persons of the smallest class, at least k" },
  suppression: { zh: "抑制行的占比不超过上限", en: "share of rows suppressed, at most" },
  "min-rows": { zh: "样本行数不少于下限", en: "rows of the sample, at least" },
  "residual-identifiers": { zh: "样本中不得再检出标识符的列", en: "columns in which identifiers are still found" },
  "invalid-values": { zh: "单列变换失败的取值占比", en: "largest share of a column that a transform could not take" },
  "overall-risk": { zh: "整体风险 R 低于限值", en: "overall risk R, below" },
  model: { zh: "策略的隐私模型在抑制上限内可达", en: "the policy's model is kept within the suppression limit" },
};

/** What an officer can do about a rule that was broken. */
export const REMEDY_WORDS: Readonly<Record<GateResult["rule"], Words>> = {
  k: {
    zh: "把准标识符泛化得更粗、减少准标识符，或增大样本。",
    en: "coarsen the quasi-identifiers, drop one, or draw a larger sample.",
  },
  suppression: {
    zh: "把准标识符泛化得更粗；放宽抑制上限会损失有代表性的行。",
    en: "coarsen the quasi-identifiers; a higher limit loses the rows that are rare.",
  },
  "min-rows": {
    zh: "增大样本，或把准标识符泛化得更粗。",
    en: "draw a larger sample, or coarsen the quasi-identifiers.",
  },
  "residual-identifiers": {
    zh: "对所列各列改用不提供、遮盖或代号，并核对其类别。",
    en: "drop, mask or tokenize the columns, and look at their role.",
  },
  "invalid-values": {
    zh: "在导入前修正数据，或改用适合该列的变换。",
    en: "mend the data before it is imported, or take a transform that fits the column.",
  },
  model: {
    zh: "放宽 l、t 等要求，为准标识符声明更多泛化层级，或放宽抑制上限。",
    en: "ask for less of l or t, declare more levels for the quasi-identifiers, or a higher suppression limit.",
  },
  "overall-risk": {
    zh: "提高 k（k ≥ 21 必低于限值）、把准标识符泛化得更粗、缩小样本占全表的比例；若情形确有依据，在策略 gate.context 中写明。",
    en: "raise k (21 is always below the limit), coarsen the quasi-identifiers, draw a smaller share of the table; state circumstances in gate.context where there are grounds for them.",
  },
};

/** Levels of GB/T 42460-2023. */
export const LEVEL_WORDS: Readonly<Record<RiskReport["level"], Words>> = {
  1: { zh: "1 级：含直接标识符", en: "level 1: holds direct identifiers" },
  2: { zh: "2 级：重标识风险不低于限值", en: "level 2: risk not below the limit" },
  3: { zh: "3 级：重标识风险低于限值", en: "level 3: risk below the limit" },
  4: { zh: "4 级：不含标识符", en: "level 4: no identifiers" },
};

/** Sharing modes of GB/T 37964-2019. */
export const SHARING_WORDS: Readonly<Record<RiskReport["sharing"], Words>> = {
  public: { zh: "完全公开共享", en: "public" },
  controlled: { zh: "受控公开共享", en: "controlled" },
  enclave: { zh: "领地公开共享", en: "enclave" },
};

/** Degrees of control and motive. */
export const DEGREE_WORDS: Readonly<Record<ReleaseContext["control"], Words>> = {
  high: { zh: "高", en: "high" },
  mid: { zh: "中", en: "mid" },
  low: { zh: "低", en: "low" },
};

/** A share as a percentage with three significant digits. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** A count as it is, in groups of three digits; any other figure with three significant digits. */
export function figure(value: number): string {
  return Number.isInteger(value) ? formatNumber(value) : String(Number(value.toPrecision(3)));
}

/** What was measured, or allowed, as the rule counts it. */
export function ruleFigure(rule: GateResult["rule"], value: number): string {
  if (rule === "model") return value === 1 ? "是 yes" : "否 no";
  return rule === "suppression" || rule === "invalid-values" ? percent(value) : figure(value);
}
