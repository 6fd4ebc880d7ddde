/** What was measured of released models: groups of persons, membership, attributes.
 *  @module */
import { MIN_CELL_SUBJECTS } from "@sluice/desensitize";
import type { AttributeEvidence, MembershipEvidence, ModelEvidence } from "@sluice/protocol";
import { html, type Markup } from "../officer/markup.ts";
import { factList, type Fact } from "../report-page/facts.ts";
import { barChart } from "../risk-page/bars.ts";
import { rocCurve } from "./roc-curve.ts";

/** Groups that are drawn, the smallest first. */
const MAX_BARS = 24;

/** One section for each model; a sentence when there is none. */
export function modelSections(evidence: readonly ModelEvidence[]): Markup[] {
  if (evidence.length === 0) {
    return [
      html`<p class="note">
        本次运行没有可测量的模型。 <span lang="en">There is no model in this run that could be measured.</span>
      </p>`,
    ];
  }
  return evidence.flatMap((model) => [
    html`<h2>模型 ${model.output} <span lang="en">Model, ${model.kind}</span></h2>`,
    factList(modelFacts(model)),
    groups(model),
    membership(model.membership),
    attributes(model.attributes),
  ]);
}

function modelFacts({ parameters, persons, groupCount, distinctOutputs, membership: measured }: ModelEvidence): Fact[] {
  return [
    ["参数", "Parameters", String(parameters)],
    ["样本人数", "Persons", String(persons)],
    ["人均参数（限 0.33）", "Parameters per person", (parameters / Math.max(1, persons)).toPrecision(3)],
    ...(groupCount === 0 ? [] : [["分组数", "Groups", String(groupCount)] as Fact]),
    ...(distinctOutputs === undefined ? [] : [["不同结果数", "Different outputs", String(distinctOutputs)] as Fact]),
    ...(measured === undefined ? [] : [["成员推断 AUC", "Membership AUC", measured.auc.toFixed(3)] as Fact]),
  ];
}

function groups({ groups: own, groupCount }: ModelEvidence): Markup {
  if (own.length === 0) return html``;
  const shown = own.slice(0, MAX_BARS);
  const most = Math.max(MIN_CELL_SUBJECTS * 2, ...shown.map(({ persons }) => persons));
  const bars = shown.map(({ name, persons, pure }) => ({
    label: name,
    value: persons,
    text: pure === undefined ? String(persons) : `${persons}，${pure} 全同 / all one`,
    over: persons < MIN_CELL_SUBJECTS || pure !== undefined,
  }));
  const limit = { value: MIN_CELL_SUBJECTS, text: `${MIN_CELL_SUBJECTS} 人 / persons` };
  return html`<h3>叶、区间、分箱、聚类的人数 <span lang="en">Persons in leaves, intervals, bins, clusters</span></h3>
    ${barChart(bars, { label: "每组人数 / persons in each group", most, limit })}
    <p class="note">
      列出最小的 ${String(shown.length)} 组，共 ${String(groupCount)} 组。
      <span lang="en">The smallest ${String(shown.length)} of ${String(groupCount)}, by the numbers that leave.</span>
    </p>`;
}

function membership(measured: MembershipEvidence | undefined): Markup {
  const title = html`<h3>成员推断 <span lang="en">Membership inference</span></h3>`;
  if (measured === undefined) {
    return html`${title}
      <p class="note">
        未测：没有目标字段，或没有样本外的行。
        <span lang="en">Not measured: there is no target, or there are no rows outside of the sample.</span>
      </p>`;
  }
  const { members, others, auc, pValue, gap, tprAt1, roc } = measured;
  const chance = (p: number): string => (p < 0.001 ? "< 0.001" : p.toFixed(3));
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
  return html`${title} ${rocCurve({ points: roc, gap: gap.distance, label: `ROC, AUC ${auc.toFixed(3)}` })}
  ${factList([
    ["AUC（0.5 为碰运气，限 0.60）", "0.5 is chance, limit 0.60", auc.toFixed(3)],
    ["p 值", "One-sided, Mann–Whitney", chance(pValue)],
    ["损失分布最大差距", "Largest gap of the losses, Kolmogorov–Smirnov", gap.distance.toFixed(3)],
    ["差距的 p 值", "Of a gap as large by chance", chance(gap.pValue)],
    ["1% 误报下认出（限 5%）", "Found at 1 % of false alarms", share(tprAt1.value)],
    ["其 95% 区间", "Its 95 % interval", `${share(tprAt1.low)} – ${share(tprAt1.high)}`],
    ["样本内 / 外行数", "Rows inside / outside", `${members} / ${others}`],
  ])}`;
}

function attributes(measured: readonly AttributeEvidence[]): Markup {
  if (measured.length === 0) return html``;
  const bars = measured.flatMap(({ column, members, others, pValue }) => [
    {
      label: `${column} 样本内 / inside`,
      value: members,
      text: `${(100 * members).toFixed(1)} %`,
      over: members - others > 0.05 && pValue < 0.01,
    },
    { label: `${column} 样本外 / outside`, value: others, text: `${(100 * others).toFixed(1)} %` },
  ]);
  return html`<h3>属性推断：敏感值猜中率 <span lang="en">Sensitive values guessed right</span></h3>
    ${barChart(bars, { label: "猜中率 / share guessed right", most: 1 })}
    <p class="note">
      差距才是模型记住的个人；两者都高，是一般规律。
      <span lang="en">The difference is what the model remembers of persons; what both have is of everybody.</span>
    </p>`;
}
