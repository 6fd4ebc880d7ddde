/** A model that stays in the domain (留域模型), in words: that no number of it leaves, and what callers can make of its scores within the
 *  quota. Every figure follows from the declaration and the grant.
 *  @module */
import {
  formCoefficients,
  HIDDEN_ROWS,
  type Grant,
  type JobManifest,
  type OutputSpec,
  type Run,
  type SquareNetworkSpec,
} from "@sluice/protocol";
import { parameterCount } from "../model-text.ts";
import type { Figure, Section } from "./page.ts";

/** What an officer should know before signing. */
export const NETWORK_ATTENTION =
  "留域模型不出域，但评分能还原它的二次型：还原多少见下表，界限只有噪声和配额；存心作弊的一次就够；评分结果不得回传数据域";

/** What happens to the model when some withdraw their consent, and how an officer ends it. */
const WITHDRAWN =
  "以本人同意为依据的，有一至九人撤回同意时，重新构建会被拒绝，用他们的数据训练的旧模型继续服务，直到某次重建通过；不应再服务的，撤回该授权（sluice grant revoke），随即停用";

/** Whether the run's job serves a model that stays in the domain. */
export function keepsModel(run: Pick<Run, "manifest"> | undefined): boolean {
  return Object.values(run?.manifest?.outputs ?? {}).some(isNetwork);
}

/** How many numbers of a model leave with the release, as a figure. */
export function modelFigure(run: Run): Pick<Figure, "value" | "remark"> {
  if (keepsModel(run)) return { value: "留域", remark: "不出域，只用来评分" };
  return run.model === undefined
    ? { value: "无", remark: "本产品不带模型" }
    : { value: `${parameterCount(run.model)} 个`, remark: "出域，视同公开" };
}

/** The declaration in one phrase. */
export function networkWords({ features, maxUnits, link, resolution }: SquareNetworkSpec): string {
  const shown = features.map(({ name, low, high }) => `${name}（${low} 至 ${high}）`).join("、");
  const result = link === "logistic" ? "使用方再换算成概率" : "不再换算";
  return `留域模型：由程序在全部行上训练，不出域、不放行，开发方和使用方都拿不到参数；至多 ${maxUnits} 个隐藏单元，${features.length} 项指标：${shown}；每个评分加噪，标准差不小于 ${resolution}；${result}`;
}

/** What calls give away of such a model; none without one. */
export function networkSection({ outputs }: JobManifest, grant: Grant | undefined): Section[] {
  const models = Object.entries(outputs).flatMap(([name, spec]) => (isNetwork(spec) ? [[name, spec] as const] : []));
  const quota = grant?.quotas.find(({ operation }) => operation === "score");
  return models.map(([name, spec]) => ({
    title: { zh: "留域模型：调用多少次能还原多少", en: "What calls can make of the model that stays" },
    columns: [
      { zh: "事项", en: "item" },
      { zh: "数值", en: "value" },
    ],
    rows: extraction(spec, quota === undefined ? null : BigInt(quota.amount)).map(([item, text]) => [
      { text: item },
      { text },
    ]),
    remark: `输出 ${name}。守规程的使用方按上表还原；存心作弊（密文或密钥不按规程生成）的，一次请求就能得到取整后这些数的准确值（常数项除外），噪声挡不住：模型若绝不能被还原，请勿放行。${WITHDRAWN}`,
  }));
}

function extraction({ features, resolution }: SquareNetworkSpec, quota: bigint | null): [string, string][] {
  const unknowns = formCoefficients(features.length);
  const rows: [string, string][] = [
    ["评分能决定的数（二次型的系数）", `${unknowns} 个`],
    ["一次请求计量", `${HIDDEN_ROWS} 行，不论填了几行`],
    ["一次请求之后，评分还原的误差不小于约", figure(resolution * Math.sqrt(unknowns / HIDDEN_ROWS))],
  ];
  if (quota === null) return [...rows, ["配额", "未附授权，看不到"]];
  const requests = quota / BigInt(HIDDEN_ROWS);
  if (requests === 0n) return [...rows, ["配额", `${quota} 行，不够一次请求`]];
  const all = Number(requests) * HIDDEN_ROWS;
  return [
    ...rows,
    ["配额允许的请求", `${requests} 次`],
    ["用尽配额之后，评分还原的误差不小于约", figure(resolution * Math.sqrt(unknowns / all))],
  ];
}

function figure(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function isNetwork(spec: OutputSpec): spec is SquareNetworkSpec {
  return spec.kind === "square-network";
}
