/** What a development run tells about the bundle that a release would let loose: the fields it reads, what it gives
 *  out, what the guard said, on which sample.
 *  @module */
import {
  isServedKind,
  tableCells,
  type ColumnType,
  type Grant,
  type GuardFinding,
  type JobManifest,
  type ModelKind,
  type NoisyDimension,
  type NoisyTableSpec,
  type OutputSpec,
  type Policy,
  type Run,
} from "@sluice/protocol";
import { amountText } from "./chinese-figures.ts";
import { countWords, datasetWords, FORM_WORDS, noisyTableWords, selectionWords, tableWords } from "./form-words.ts";
import { RESULT_WORDS, ruleWords } from "./guard-words.ts";
import { CHINESE_MODEL_WORDS, modelParameters } from "../model-text.ts";
import type { Names } from "./names.ts";
import { networkSection, networkWords } from "./network-words.ts";
import type { Section } from "./page.ts";
import { rangeWords } from "./param-words.ts";
import { transformOf, transformWords } from "./policy-words.ts";
import { setSection } from "./set-words.ts";
import { sumWords } from "./sum-words.ts";

/** Parameters of a model that are listed. */
const MAX_PARAMETERS_SHOWN = 12;

const TYPE_WORDS: Readonly<Record<ColumnType, string>> = { bool: "是非", i32: "整数", f64: "数值", dict: "文字" };

/** How many rules passed, changed a value, wait for a person, refused. */
export function guardCounts({ guardReport }: Run): Record<GuardFinding["result"], number> {
  const counts = { passed: 0, changed: 0, review: 0, refused: 0 };
  for (const { result } of guardReport?.findings ?? []) counts[result]++;
  return counts;
}

/** Tables of the run; a table of what the run does not hold is left out. */
export function runSections(
  run: Run,
  policy: Policy | null,
  { names, grant }: { readonly names: Names | null; readonly grant: Grant | undefined },
): Section[] {
  const { manifest } = run;
  return [
    ...(manifest === undefined
      ? []
      : [
          inputSection(manifest, policy, names),
          outputSection(manifest, run),
          ...setSection(manifest),
          ...networkSection(manifest, grant),
          ...tableSection(manifest),
          ...paramSection(manifest, run),
        ]),
    ...modelSection(run),
    guardSection(run),
    ...sampleSection(run),
  ];
}

function inputSection(manifest: JobManifest, policy: Policy | null, names: Names | null): Section {
  const titles = names?.titlesColumns === true ? names : null;
  return {
    title: { zh: "程序读哪些字段", en: "Fields the bundle reads" },
    columns: [
      { zh: "字段", en: "field" },
      ...(titles === null ? [] : [{ zh: "名称", en: "title" }]),
      { zh: "看到的形式", en: "type" },
      { zh: "看到之前的处理", en: "treatment" },
    ],
    rows: Object.entries(manifest.input).map(([name, type]) => [
      { text: name, code: true },
      ...(titles === null ? [] : [{ text: titles.column(name) ?? "—" }]),
      { text: TYPE_WORDS[type] },
      policy === null
        ? { text: "见授权的核阅页（所附授权未带脱敏策略）" }
        : { text: transformWords(transformOf(policy, name)) },
    ]),
  };
}

/** What may be set without another bundle, and what the run was given: builds are given the same. */
function paramSection({ params = {} }: JobManifest, run: Run): Section[] {
  const rows = Object.entries(params).map(([name, spec]) => [
    { text: name, code: true },
    { text: String(run.params?.[name] ?? "—"), code: true },
    { text: rangeWords(spec) },
    { text: String(spec.default), code: true },
  ]);
  if (rows.length === 0) return [];
  return [
    {
      title: { zh: "作业参数", en: "Params" },
      columns: [
        { zh: "参数", en: "param" },
        { zh: "本次运行的值", en: "value" },
        { zh: "可取", en: "allowed" },
        { zh: "默认", en: "default" },
      ],
      rows,
      remark: "只是数或所列的词，不是程序；正式运行一律用本次运行的值",
    },
  ];
}

function outputSection(manifest: JobManifest, run: Run): Section {
  return {
    title: { zh: "程序给出什么", en: "What the bundle gives out" },
    columns: [
      { zh: "输出", en: "output" },
      { zh: "去向", en: "goes where" },
      { zh: "内容", en: "content" },
    ],
    rows: Object.entries(manifest.outputs).map(([name, spec]) => [
      { text: name, code: true },
      { text: isServedKind(spec.kind) ? "留在数据域，按形态作答" : "出域" },
      { text: contentWords(spec, run.metrics?.[name]?.values) },
    ]),
  };
}

function contentWords(spec: OutputSpec, values: Readonly<Record<string, number>> | undefined): string {
  switch (spec.kind) {
    case "metrics": {
      const measured = spec.keys.map((key) => {
        const value = values !== undefined && Object.hasOwn(values, key) ? values[key] : undefined;
        return value === undefined ? key : `${key} = ${value}`;
      });
      return `指标：${measured.join("，")}`;
    }
    case "linear-model":
      return `线性模型，至多 ${spec.maxParameters} 个参数${targetWords(spec)}`;
    case "tree-model":
      return `决策树模型，至多 ${spec.maxTrees} 棵树，每棵至多 ${spec.maxLeaves} 个叶${targetWords(spec)}`;
    case "scorecard":
      return `评分卡，至多 ${spec.maxBins} 个分箱${targetWords(spec)}`;
    case "clusters":
      return `聚类，至多 ${spec.maxClusters} 个中心`;
    case "labels":
      return `每人一个标签，只取自：${spec.vocabulary.join("、")}`;
    case "set":
      return `一份名单（${FORM_WORDS[spec.match]}）；名单至少 10 人，条数凑整后公开${spec.match === "psi-ids" ? "" : `；${countWords(spec)}`}`;
    case "sum":
      return `一份“标识—数值”：使用方只得知${sumWords(spec)}`;
    case "score": {
      const link = spec.link === "logistic" ? "使用方再换算成概率" : "不再换算";
      return `以放行的模型密态评分；每项指标在 ±${spec.featureBound} 以内；${link}`;
    }
    case "square-network":
      return networkWords(spec);
    case "table":
      return tableWords(spec);
    case "noisy-table":
      return noisyTableWords(spec);
    case "dataset":
      return datasetWords(spec);
    case "hidden-selection":
      return selectionWords(spec);
  }
}

function targetWords({ target }: { readonly target?: string | undefined }): string {
  return target === undefined ? "" : `，预测 ${target}`;
}

/** The public groups of a noisy table, and what it takes of the budget. */
function noisySection(name: string, spec: NoisyTableSpec): Section {
  return {
    title: { zh: "差分隐私统计表怎样分组", en: "Groups of the noisy table" },
    columns: [
      { zh: "分组依据", en: "dimension" },
      { zh: "字段", en: "column" },
      { zh: "各组", en: "levels" },
    ],
    rows: spec.dimensions.map((dimension) => [
      { text: dimension.name, code: true },
      { text: dimension.field, code: true },
      { text: dimension.levels.map((level, i) => `${level}：${groupWords(dimension, i)}`).join("；") },
    ]),
    remark: `输出 ${name}，共 ${tableCells(spec.dimensions)} 格，一律列出并加噪；不在上列各组的行不计入`,
  };
}

function groupWords(dimension: NoisyDimension, i: number): string {
  if ("values" in dimension) {
    return Object.entries(dimension.values)
      .flatMap(([text, level]) => (level === i ? [text] : []))
      .join("、");
  }
  const [from, to] = [dimension.breaks[i - 1], dimension.breaks[i]];
  return `${from === undefined ? "" : `${from} 起`}${to === undefined ? "" : `小于 ${to}`}`;
}

/** The groups of a table that the product would serve. */
function tableSection({ outputs }: JobManifest): Section[] {
  return Object.entries(outputs).flatMap(([name, spec]) =>
    spec.kind === "noisy-table"
      ? [noisySection(name, spec)]
      : spec.kind !== "table"
        ? []
        : [
            {
              title: { zh: "报告怎样分组", en: "Groups of the report" },
              columns: [
                { zh: "分组依据", en: "dimension" },
                { zh: "各组", en: "levels" },
              ],
              rows: spec.dimensions.map((dimension) => [
                { text: dimension.name, code: true },
                { text: dimension.levels.join("、") },
              ]),
              remark: `输出 ${name}，至多 ${tableCells(spec.dimensions)} 格：不足 10 人的格不列出，行数取 5 的倍数，少数人占大头的平均值不给出`,
            },
          ],
  );
}

/** What a parameter belongs to. */
const PARAMETER_WORDS: Readonly<Record<ModelKind, { zh: string; en: string }>> = {
  "linear-model": { zh: "特征", en: "feature" },
  "tree-model": { zh: "叶（到达条件）", en: "leaf" },
  scorecard: { zh: "分箱", en: "bin" },
  clusters: { zh: "中心", en: "centre" },
};

function modelSection({ model }: Run): Section[] {
  if (model === undefined) return [];
  const parameters = modelParameters(model, CHINESE_MODEL_WORDS);
  const shown = parameters.slice(0, MAX_PARAMETERS_SHOWN);
  const rest = parameters.length - shown.length;
  return [
    {
      title: { zh: "模型参数（出域，视同公开）", en: "Model parameters, as good as published" },
      columns: [PARAMETER_WORDS[model.kind], { zh: "数值", en: "value" }],
      rows: shown.map(([name, value]) => [
        { text: name, code: true },
        { text: String(value), code: true },
      ]),
      ...(rest > 0 ? { remark: `另有 ${rest} 个参数，见运行文件` } : {}),
    },
  ];
}

const RESULT_LEVELS: Readonly<Record<GuardFinding["result"], { level?: "bad" | "caution" }>> = {
  passed: {},
  changed: {},
  review: { level: "caution" },
  refused: { level: "bad" },
};

function guardSection(run: Run): Section {
  return {
    title: { zh: "输出守卫结论", en: "What the guard found" },
    columns: [
      { zh: "规则", en: "rule" },
      { zh: "输出", en: "output" },
      { zh: "结论", en: "result" },
    ],
    rows: (run.guardReport?.findings ?? []).map((finding) => [
      { text: ruleWords(finding) },
      { text: finding.output === "all" ? "全部" : finding.output },
      { text: RESULT_WORDS[finding.result], ...RESULT_LEVELS[finding.result] },
    ]),
  };
}

function sampleSection({ certificate }: Run): Section[] {
  if (certificate === undefined) return [];
  const { sampleRows, suppressedRows, k, quasiIdentifiers, sourceRowsRounded } = certificate;
  const count = (rows: number): string => amountText(BigInt(rows), "行");
  const rows = [
    ["样本", count(sampleRows)],
    ["为保护个人舍去", count(suppressedRows)],
    ["每组最少行数 k", String(k)],
    ["间接标识", quasiIdentifiers.join("、") || "无"],
    ["来源数据约", count(sourceRowsRounded)],
  ] as const;
  return [
    {
      title: { zh: "开发所用样本（脱敏证书）", en: "The sample: its certificate" },
      columns: [
        { zh: "事项", en: "item" },
        { zh: "数值", en: "value" },
      ],
      rows: rows.map(([item, value]) => [{ text: item }, { text: value }]),
    },
  ];
}
