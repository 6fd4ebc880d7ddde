/** Operations of a grant in words.
 *  @module */
import { OPERATION_UNITS, type Operation, type Unit } from "@sluice/protocol";
import type { Words } from "./page.ts";

/** One operation. */
export interface OperationWords extends Words {
  /** Which party of the grant does it. */
  readonly who: "developer" | "operator" | "caller";
  /** Its name among the large figures; absent for what is only a step of another. */
  readonly figure?: Words;
}

/** Every operation. */
export const OPERATION_WORDS: Readonly<Record<Operation, OperationWords>> = {
  develop: { zh: "开发试算（在脱敏样本上）", en: "develop", who: "developer" },
  build: { zh: "正式构建（在数据域内、对全部行）", en: "build", who: "operator" },
  "lookup.evaluate": {
    zh: "匿踪查询：逐条查询",
    en: "lookup.evaluate",
    who: "caller",
    figure: { zh: "最多查询", en: "Lookups" },
  },
  "lookup.query": { zh: "匿踪查询：取回结果", en: "lookup.query", who: "caller" },
  "psi.ids": {
    zh: "隐私求交·名单比对（返回交集）",
    en: "psi.ids",
    who: "caller",
    figure: { zh: "最多比对名单", en: "List entries" },
  },
  "psi.cardinality": {
    zh: "隐私求交·只返回人数",
    en: "psi.cardinality",
    who: "caller",
    figure: { zh: "最多比对人数", en: "Counted entries" },
  },
  "psi.sum": {
    zh: "隐私求交·只返回合计和人数",
    en: "psi.sum",
    who: "caller",
    figure: { zh: "最多求和名单", en: "Summed entries" },
  },
  score: { zh: "密态评分", en: "score", who: "caller", figure: { zh: "最多评分", en: "Scored rows" } },
  report: { zh: "分析报告", en: "report", who: "caller", figure: { zh: "最多取报告", en: "Reports" } },
  dataset: {
    zh: "数据集（脱敏样本）",
    en: "dataset",
    who: "caller",
    figure: { zh: "数据集计量", en: "Row-field-days" },
  },
  aggregate: {
    zh: "多域联合求和（只得到各域之和）",
    en: "aggregate",
    who: "caller",
    figure: { zh: "最多联合求和", en: "Joint sums" },
  },
  "selection.register": { zh: "隐藏选择求和：登记选择", en: "selection.register", who: "caller" },
  "selection.sum": {
    zh: "隐藏选择求和：取得合计",
    en: "selection.sum",
    who: "caller",
    figure: { zh: "最多取合计", en: "Hidden sums" },
  },
};

const UNIT_WORDS: Readonly<Record<Unit, { readonly measure: string; readonly price: string }>> = {
  run: { measure: "次", price: "每次运行" },
  "oprf-element": { measure: "条", price: "每条查询" },
  "pir-query": { measure: "次", price: "每次取回" },
  "psi-element": { measure: "条", price: "名单每条（按凑整后的条数）" },
  "score-row": { measure: "行", price: "评分每行" },
  report: { measure: "份", price: "每份报告" },
  "row-field-day": { measure: "条·项·天", price: "每条·项·天（样本行数 × 字段数 × 天数）" },
  aggregation: { measure: "次", price: "每次联合求和" },
  selection: { measure: "个", price: "每登记一个选择" },
  "selection-sum": { measure: "个", price: "每个合计" },
};

/** The measure word of what `operation` spends. */
export function unitWord(operation: Operation): string {
  return UNIT_WORDS[OPERATION_UNITS[operation]].measure;
}

/** One unit of a price. */
export function priceUnitWord(unit: Unit): string {
  return UNIT_WORDS[unit].price;
}
