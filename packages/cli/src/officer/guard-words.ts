/** Rules of the output guard in words.
 *  @module */
import type { GUARD_RULES } from "@sluice/desensitize";
import type { GuardFinding } from "@sluice/protocol";

const RULE_WORDS: Readonly<Record<keyof typeof GUARD_RULES, string>> = {
  "output-class": "开发只出指标和模型，正式运行只出留在域内的结果",
  "output-declared": "输出与申明逐项一致，不多不少",
  "rows-minimum": "运行所读至少涉及 10 人（或物）",
  "metrics-keys": "指标与申明一致",
  "metrics-finite": "指标都是正常的数",
  "metrics-range": "指标大小在允许范围内，过小的归零",
  "metrics-count": "计数取 5 的倍数，不足 10 的归零",
  "metrics-differencing": "所用样本与同一数源表以往给出指标的样本相差不少于 10 人（或物）",
  "metrics-digits": "指标只留 3 位有效数字",
  "model-parameters": "模型的种类、换算和大小与申明一致",
  "model-size": "参数至多 256 个自动放行，更多须人工审查，至多一万个",
  "model-ratio": "参数不超过样本人数（或物数）的三分之一",
  "model-features": "特征只取自所列字段和常见取值",
  "model-support": "每个特征至少有 10 人（或物）与多数不同",
  "model-groups": "每个叶、分箱、聚类按出域的数值重新计数，至少含样本 10 人（或物）",
  "model-intervals": "多棵树的相邻切点之间至少有样本 10 人（或物）或无人；两棵树的叶相差不足 10 人须人工审查",
  "model-pure": "叶、分箱、聚类中至少有 10 人在敏感字段或目标上与多数不同，否则须人工审查",
  "model-copy": "每个聚类中心是归入它的各行的平均，且不是少数人的原样数据；参数不是某列数值的罗列，否则须审查",
  "model-target": "申明的目标字段未被模型读取，且模型的预测胜过平均值；否则成员推断无从说起",
  "model-holdout": "有样本外至少 100 行可比；否则成员推断未测，须人工审查",
  "model-membership":
    "从误差的大小都看不出谁在样本中（AUC 至多 0.60，1% 误报下认出至多 5%；超过 0.55 或误差分布不同须审查）",
  "model-attributes": "对样本内的人猜中敏感值，至多比样本外高 10 个百分点（超过 5 个须审查）",
  "model-outputs": "结果取 3 位后的不同值不超过人数的三分之一，否则须人工审查",
  "model-finite": "参数和预测都是正常的数",
  "model-range": "参数大小在允许范围内，过小的归零",
  "model-differencing": "所用样本与同一数源表以往给出同类模型的样本相差不少于 10 人（或物）",
  "model-digits": "参数只留 4 位有效数字",
  "release-bytes": "一次运行出域至多 64 KB 自动放行，更多须人工审查，至多 16 MB",
  "release-scalars": "一次运行的指标至多 32 个自动放行，更多须人工审查",
  "release-budget": "同一数源表历次出域内容合计至多 524288 比特自动放行，更多须人工审查",
  "labels-length": "每行恰有一个标签",
  "labels-vocabulary": "标签都在申明的名单内",
  "labels-cell": "用到的每个标签至少覆盖 10 人（或物）",
  "labels-copy": "标签不能还原某个三值以上的字段，也不能一并还原两个字段",
  "labels-digits": "标签不泄露数值的末位数字或低位",
  "labels-order": "各字段都相同的行，标签也相同",
  "set-length": "每行恰有一个在或不在",
  "set-values": "每行只答在或不在",
  "set-cell": "名单内至少 10 人（或物），名单外也至少 10 人（或无人）",
  "set-digits": "在不在名单内不泄露数值的末位数字或低位",
  "set-order": "各字段都相同的行，同在或同不在名单内",
  "network-units": "模型的特征与申明一致，隐藏单元不超过申明的个数",
  "network-finite": "模型的数都是正常的数",
  "network-range": "模型的数大小在允许范围内",
  "network-ratio": "评分能还原的数，每人（或物）不超过 0.33 个",
  "network-digits": "权重只留 8 位二进制和正负号",
  "network-differencing": "所用各行与同一数源表以往留域模型所用的相差不少于 10 人（或物）",
  "table-columns": "分组和平均值与申明一致",
  "table-length": "每行在每个分组中恰有一个位置",
  "table-levels": "各行只落在申明的组内，或不入组",
  "table-finite": "参加平均的都是正常的数",
  "table-range": "参加平均的数大小在允许范围内，过小的平均值归零",
  "table-order": "各字段都相同的行，入同一组，取同一数",
  "table-group": "敏感分组中，同一群体至少 10 人（或物）与多数不同才列出",
  "table-differencing": "与同一数源表以往各表相差不足 10 人（或物）的格不列出，均值不给出",
  "table-cells": "只列至少 10 人（或物）的格；不列出的行不超过入组行的两成",
  "table-mean":
    "平均值出自至少 10 人（或物），其中至少 10 人的值与多数人不同，没有一两个占大头，也与同格其他平均值相差至少 10 人",
  "table-count": "行数取 5 的倍数，合计只加列出的格",
  "table-digits": "平均值只留 3 位有效数字",
};

/** What a rule asks for; a rule that is not known here in the guard's own words. */
export function ruleWords({ rule, note }: GuardFinding): string {
  return new Map(Object.entries(RULE_WORDS)).get(rule) ?? note;
}

/** What the guard did. */
export const RESULT_WORDS: Readonly<Record<GuardFinding["result"], string>> = {
  passed: "通过",
  changed: "已按规则修整",
  review: "须人工审查",
  refused: "不予放行",
};
