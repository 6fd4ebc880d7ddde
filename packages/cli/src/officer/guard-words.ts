/** Rules of the output guard in words.
 *  @module */
import type { GUARD_RULES } from "@sluice/desensitize";
import type { GuardFinding } from "@sluice/protocol";

const RULE_WORDS: Readonly<Record<keyof typeof GUARD_RULES, string>> = {
  "output-class": "开发只出指标和模型，正式运行只出留在域内的结果",
  "output-declared": "输出与申明逐项一致，不多不少",
  "rows-minimum": "运行所读至少 10 行",
  "metrics-keys": "指标与申明一致",
  "metrics-finite": "指标都是正常的数",
  "metrics-range": "指标大小在允许范围内，过小的归零",
  "metrics-count": "计数取 5 的倍数",
  "metrics-digits": "指标只留 3 位有效数字",
  "model-parameters": "参数个数不超过申明",
  "model-ratio": "参数不超过样本行数的三分之一",
  "model-features": "特征只取自所列字段和常见取值",
  "model-finite": "参数都是正常的数",
  "model-range": "参数大小在允许范围内，过小的归零",
  "model-digits": "参数只留 4 位有效数字",
  "labels-length": "每行恰有一个标签",
  "labels-vocabulary": "标签都在申明的名单内",
  "labels-cell": "用到的每个标签至少覆盖 10 行",
};

/** What a rule asks for; a rule that is not known here in the guard's own words. */
export function ruleWords({ rule, note }: GuardFinding): string {
  return new Map(Object.entries(RULE_WORDS)).get(rule) ?? note;
}

/** What the guard did. */
export const RESULT_WORDS: Readonly<Record<GuardFinding["result"], string>> = {
  passed: "通过",
  changed: "已按规则修整",
  refused: "不予放行",
};
