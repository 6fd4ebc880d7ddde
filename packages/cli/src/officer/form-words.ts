/** Product forms (产品形态) in words: what a product answers to whom, and what each operation gives its caller.
 *  @module */
import { MAX_TABLE_LOSS } from "@sluice/desensitize";
import {
  countShift,
  DEFAULT_COUNT_PRIVACY,
  FORM_OPERATIONS,
  isServedKind,
  likelyCountError,
  microEpsilon,
  type DatasetSpec,
  type HiddenSelectionSpec,
  type JobManifest,
  type ReleasedModel,
  type NoisyTableSpec,
  type Operation,
  type OutputSpec,
  type ProductForm,
  type TableSpec,
} from "@sluice/protocol";
import { joinWords } from "./join-words.ts";
import { sumWords } from "./sum-words.ts";

/** Name of a form. */
export const FORM_WORDS: Readonly<Record<ProductForm, string>> = {
  "label-lookup": "匿踪查询",
  "psi-ids": "隐私求交·名单比对（返回交集）",
  "psi-cardinality": "隐私求交·只返回人数",
  "join-sum": "隐私求交·只返回合计和人数",
  score: "密态评分",
  report: "分析报告",
  dataset: "数据集（脱敏样本，按天限期）",
  "hidden-selection": "隐藏选择求和",
};

/** Its short name, for a large figure. */
export const FORM_NAMES: Readonly<Record<ProductForm, string>> = {
  "label-lookup": "匿踪查询",
  "psi-ids": "名单比对",
  "psi-cardinality": "人数比对",
  "join-sum": "求交求和",
  score: "密态评分",
  report: "分析报告",
  dataset: "数据集",
  "hidden-selection": "隐藏选择求和",
};

/** What it gives, below that figure. */
export const FORM_REMARKS: Readonly<Record<ProductForm, string>> = {
  "label-lookup": "逐条作答",
  "psi-ids": "返回交集",
  "psi-cardinality": "只返回人数",
  "join-sum": "只返回合计和人数",
  score: "指标和评分都加密",
  report: "建成时统计好的表",
  dataset: "脱敏样本的行，限天数",
  "hidden-selection": "所选各组之和，加噪",
};

/** What a caller does and gets by each operation that answers; `key` is the column by which it asks. */
export const ANSWER_WORDS: Readonly<Record<Exclude<Operation, "develop" | "build">, (key: string) => string>> = {
  "lookup.evaluate": (key) => `凭 ${key} 逐条查询，每条只得到该键一条结果；数据域不知道查的是谁`,
  "lookup.query": () => "取回加密的查询结果，自行解开",
  "psi.ids": (key) => `用自己的名单按 ${key} 与产品名单比对，得知自己名单中哪些在内；数据域不知道名单和结果`,
  "psi.cardinality": (key) =>
    `用自己的名单按 ${key} 与产品名单比对，只得知大约有多少条在内（加噪）；数据域不知道名单和结果`,
  "psi.sum": (key) =>
    `用自己的名单按 ${key} 与产品比对，只得知名单中命中者的数值大约合计多少、大约有多少条（均加噪），人数过少不给合计；数据域不知道名单和合计，但知道命中的条数`,
  score: () => "提交加密的指标，取回加密的评分，自行解开；数据域看不到指标和评分",
  report: () => "取得建成时已统计好的分组表；人少的组不列出",
  "selection.register": () => "登记一个加密的分组选择（只登记承诺值）；登记个数有限，登记后不能更换",
  "selection.sum": () => "凭已登记的选择取得所选各组之和的密文（加噪），自行解开；数据域不知道选了哪些组、选了几组",
  dataset: () => "开通使用期后，在天数限期内分页取得脱敏样本的行；期满不再提供",
  aggregate: (key) =>
    `各域部门逐次签署方案后，与其他数据域共同求和，只取得各域之和（或仅供各部门）；每人按 ${key} 计，行数有上限；任何域看不到别域的数`,
};

const KEY_USES: readonly (readonly [ProductForm, string])[] = [
  ["label-lookup", "使用方凭它查询"],
  ["psi-ids", "使用方的名单凭它比对"],
  ["psi-cardinality", "使用方的名单凭它比对"],
  ["join-sum", "使用方的名单凭它比对"],
  ["report", "用来数每组有多少人"],
];

/** What the key column serves for, under these operations. */
export function keyUseWords(operations: readonly Operation[]): string {
  const uses = KEY_USES.filter(([form]) => FORM_OPERATIONS[form].some((operation) => operations.includes(operation)));
  return [...new Set(uses.map(([, use]) => use))].join("；") || "认定哪些行属于同一个人";
}

/** What an officer should know of the operations: nothing here is wrong by itself. */
export function formAttention(operations: readonly Operation[]): string[] {
  const notes = [
    ["psi.ids", "名单比对会告诉使用方它名单中的哪些人在内，这本身就是关于这些人的信息"],
    [
      "psi.cardinality",
      "「只返回人数」加噪并限次，管住守规程的使用方；存心作弊的仍可设法得知是哪些人、绕过噪声，只受次数和条数配额限制",
    ],
    [
      "psi.sum",
      "求交求和加噪、限次、设人数下限，管住守规程的使用方；存心作弊的可对未命中的行求和、给个别行加权、虚报人数，绕过下限和噪声，只受次数和条数配额限制",
    ],
    [
      "score",
      "密态评分的线性模型视同公开：使用方用几行数据就能算出参数；留域模型也会由评分还原到噪声的精度；评分结果不得回传数据域",
    ],
    [
      "selection.sum",
      "隐藏选择求和：两个选择之差可能只含一组，因此限登记个数；管住单个人的是每组人数、每次的噪声和合计 ε，不是加密",
    ],
    ["dataset", "数据集逐行交付脱敏样本：一经取走可以转抄，期满只是不能再取；样本所限的是认出个人的风险，不是零"],
    ["report", "报告一经取走可以转抄；几份报告对照可能看出人少的组，系统只逐份控制"],
  ] as const satisfies readonly (readonly [Operation, string])[];
  return notes.flatMap(([operation, note]) => (operations.includes(operation) ? [note] : []));
}

/** What a product answers and to whom, in one sentence without its full stop. */
export function productWords(manifest: JobManifest, model: ReleasedModel | undefined, asker: Asker): string {
  const served = Object.values(manifest.outputs).find(({ kind }) => isServedKind(kind));
  return served === undefined ? "不对外作答" : answerWords(served, model, asker);
}

/** Who asks, and by which column. */
export interface Asker {
  readonly callers: string;
  readonly key: string;
}

function answerWords(served: OutputSpec, model: ReleasedModel | undefined, { callers, key }: Asker): string {
  switch (served.kind) {
    case "labels":
      return `${callers}凭 ${key} 逐条匿踪查询，每条得到一个标签（${served.vocabulary.join("、")} 之一）`;
    case "set":
      return served.match === "psi-ids"
        ? `${callers}用自己的名单按 ${joinWords(served.keys, key)} 比对，得知名单中哪些在产品名单内`
        : `${callers}用自己的名单按 ${joinWords(served.keys, key)} 比对，只得知名单中大约有多少条在产品名单内：${countWords(served)}`;
    case "sum":
      return `${callers}用自己的名单按 ${joinWords(served.keys, key)} 比对，只得知${sumWords(served)}`;
    case "score": {
      const features = model?.kind !== "linear-model" ? "" : ` ${model.features.length} 项`;
      const result = served.link === "logistic" ? "一个概率" : "一个线性评分";
      return `${callers}提交加密的${features}指标，每行取回${result}，自行解开`;
    }
    case "square-network": {
      const result = served.link === "logistic" ? "一个概率" : "一个评分";
      return `${callers}提交加密的 ${served.features.length} 项指标，每行取回${result}，自行解开；模型留在数据域`;
    }
    case "table":
      return `${callers}取得一份分组统计表：${tableWords(served)}`;
    case "noisy-table":
      return `${callers}取得一份差分隐私统计表：${noisyTableWords(served)}`;
    case "dataset":
      return `${callers}${datasetWords(served)}`;
    case "hidden-selection":
      return `${callers}暗选若干组，取得所选各组之和：${selectionWords(served)}`;
    case "metrics":
    case "linear-model":
    case "tree-model":
    case "scorecard":
    case "clusters":
      return "不对外作答";
  }
}

/** A data set in one phrase: what of the sample, and for how long. */
export function datasetWords({ fields, days }: DatasetSpec): string {
  return `自开通起 ${days} 天内分页取得授权政策下认证脱敏样本的 ${fields.length} 项（${fields.join("、")}），按 行数 × 项数 × 天数 计量一次；不运行程序`;
}

/** Sums under hidden selections in one phrase: groups, what is summed, the noise and its price. */
export function selectionWords({
  dimensions,
  measures,
  minimumGroups,
  contribution,
  rows,
}: HiddenSelectionSpec): string {
  const groups = dimensions.map(({ name, field, levels }) => `${name}（${field}，${levels.length} 组）`).join(" × ");
  const sums = measures.map(
    ({ name, min, max, epsilon }) => `${name} 的合计（每行限 ${min} 至 ${max}，ε = ${epsilon}）`,
  );
  const counted = `每人至多计入 ${contribution.groups} 组、每组 ${contribution.rows} 行`;
  return `按 ${groups} 分组，至少选 ${minimumGroups} 组、至少留 ${minimumGroups} 组不选（或全选）；可问行数（ε = ${rows.epsilon}）${sums.map((sum) => `、${sum}`).join("")}，每次加噪并从使用方的预算扣除，同一选择再问为同一答案、不再扣；${counted}；人数不足政策 k 的分组不予构建；不运行程序`;
}

/** The noise of counts in one phrase: of one, and what one caller has. */
export function countWords({ privacy = DEFAULT_COUNT_PRIVACY }: Extract<OutputSpec, { kind: "set" }>): string {
  const { epsilon, budget } = privacy;
  const likely = likelyCountError({ epsilon, shift: countShift(epsilon) });
  const counts = Math.floor(microEpsilon(budget) / microEpsilon(epsilon));
  return `每次计数加噪（差分隐私 ε = ${epsilon}，二十次中有十九次误差不超过 ${likely}），每个使用方对同一期数据至多计数 ${counts} 次（合计 ε ≤ ${budget}），同一名单再问也计次`;
}

/** A noisy table in one phrase: its groups, what each cell shows, and what it costs. */
export function noisyTableWords({ dimensions, measures, contribution, loss }: NoisyTableSpec): string {
  const groups = dimensions.map(({ name, field, levels }) => `${name}（${field}，${levels.length} 组）`).join(" × ");
  const sums = measures.map(({ name, min, max }) => `${name} 的合计（每行限 ${min} 至 ${max}）`).join("、");
  const noise = loss.mechanism === "laplace" ? `ε = ${loss.epsilon}` : `ρ = ${loss.rho}`;
  const counted = `每人至多计入 ${contribution.groups} 组、每组 ${contribution.rows} 行`;
  const amount = Number(loss.mechanism === "laplace" ? loss.epsilon : loss.rho);
  const dear = amount > MAX_TABLE_LOSS ? "【噪声过小：超过单张表的上限 2，数据域将拒绝】" : "";
  return `${dear}按 ${groups} 分组，列各组行数${sums === "" ? "" : `和 ${sums}`}，均加噪（${noise}）；${counted}；各组一律列出；不运行程序，由数据域按申报制表，并从该表的隐私预算中扣除`;
}

/** A table in one phrase: its groups and what each cell shows. */
export function tableWords({ dimensions, measures }: TableSpec): string {
  const groups = dimensions.map(({ name, levels }) => `${name}（${levels.length} 组）`).join(" × ");
  const means = measures.length === 0 ? "" : `和 ${measures.join("、")} 的平均值`;
  return `按 ${groups} 分组，列各组行数${means}；不足 10 人的组不列出`;
}
