/** What the risk of a sample is made of.
 *  @module */
import type { RiskReport } from "@sluice/protocol";
import { html, type Markup } from "../officer/markup.ts";
import { barChart, type Bar } from "./bars.ts";
import { DEGREE_WORDS, figure, percent } from "./words.ts";

/** Least length of an axis of risks: small ones still show where they are. */
const MIN_AXIS = 0.1;

/** Sections of the page. */
export function riskSections(report: RiskReport): Markup {
  return html`${overall(report)} ${classes(report)} ${attackers(report)} ${uniques(report)} ${residue(report)}`;
}

function overall({ classRisk, contextRisk, overallRisk, gate, sharing }: RiskReport): Markup {
  const limit = gate.find(({ rule }) => rule === "overall-risk")?.limit ?? 0;
  const { control, motive, prevalence, acquaintances, deliberate, acquaintance, breach, value, stated } = contextRisk;
  const ofClass = sharing === "public" ? classRisk.highest : classRisk.mean;
  const bar = (label: string, risk: number, over = false): Bar => ({ label, value: risk, text: figure(risk), over });
  const formula =
    classRisk.overThreshold > 0
      ? `${percent(classRisk.overThreshold)} 的等价类少于 ${classRisk.minPersons} 人，因此 R = 1`
      : `R = ${sharing === "public" ? "DRb" : "DRc"} × CR = ${figure(ofClass)} × ${figure(value)} = ${figure(overallRisk)}`;
  return html`<h2>整体风险 <span lang="en">Overall risk, GB/T 42460-2023 Annex D</span></h2>
    <p class="formula">${formula}</p>
    ${barChart(
      [
        bar("整体风险 R overall", overallRisk, overallRisk >= limit),
        bar("等价类均值 DRc mean of classes", classRisk.mean),
      ],
      {
        label: "整体风险与限值",
        most: Math.max(MIN_AXIS, overallRisk, classRisk.mean),
        limit: { value: limit, text: `限值 ${figure(limit)}` },
      },
    )}
    <h3>
      情形风险 CR
      <span lang="en"
        >Context risk: ${stated ? "as the policy states it" : "the policy states none, so this is assumed"}</span
      >
    </h3>
    ${barChart(
      [
        bar("T1 蓄意 deliberate", deliberate),
        bar("T2 熟人 acquaintance", acquaintance),
        bar("T3 泄露 breach", breach),
        bar("CR", value),
      ],
      { label: "情形风险", most: 1 },
    )}
    <p class="note">
      管控 ${DEGREE_WORDS[control].zh}，动机与能力 ${DEGREE_WORDS[motive].zh}，某人在样本中的概率 p =
      ${figure(prevalence)}，熟人数 m = ${figure(acquaintances)}（T2 = 1 − (1 − p)<sup>m</sup>）。
      <span lang="en"
        >Control ${DEGREE_WORDS[control].en}, motive ${DEGREE_WORDS[motive].en}; T1 deliberate, T2 acquaintance, T3
        breach.</span
      >
    </p>`;
}

function classes({ classSizes, classRisk, quasiIdentifiers }: RiskReport): Markup {
  const most = classSizes.reduce((largest, { classes: count }) => Math.max(largest, count), 1);
  const bars = classSizes.map(({ from, to, classes: count, persons }, i): Bar => {
    const open = i === classSizes.length - 1 && to > 1_000_000;
    const range = from === to ? String(from) : open ? `${from} 及以上` : `${from}–${to}`;
    return {
      label: `${range} 人 persons`,
      value: count,
      text: `${figure(count)} 类 classes，${figure(persons)} 人`,
      over: to < classRisk.minPersons,
    };
  });
  return html`<h2>等价类大小 <span lang="en">Sizes of the classes</span></h2>
    <p class="note">
      准标识符 ${quasiIdentifiers.length === 0 ? "无" : html`<code>${quasiIdentifiers.join(", ")}</code>`}。每类至少
      ${String(classRisk.minPersons)} 人。 <span lang="en">Persons who are alike in the quasi-identifiers.</span>
    </p>
    ${barChart(bars, { label: "等价类大小", most })}`;
}

function attackers({ attackers: { prosecutor, journalist, marketer }, uniqueness, classRisk }: RiskReport): Markup {
  const bar = (label: string, value: number): Bar => ({ label, value, text: figure(value) });
  const bars = [
    bar("检察者最高 prosecutor, highest", prosecutor.highest),
    bar("检察者平均 average", prosecutor.average),
    ...(journalist === undefined
      ? []
      : [bar("记者最高 journalist, highest", journalist.highest), bar("记者平均 average", journalist.average)]),
    ...(marketer === undefined ? [] : [bar("营销者 marketer", marketer)]),
  ];
  const shares: [string, string, number | undefined][] = [
    ["检察者风险超过 τ 的人", "persons over τ, prosecutor", prosecutor.atRisk],
    ["记者风险超过 τ 的人", "persons over τ, journalist", journalist?.atRisk],
    ["抑制前在抽取行中唯一的人", "unique among the drawn, before suppression", uniqueness.drawn],
    ["在样本中唯一的人", "unique in the sample", uniqueness.sample],
    ["在样本与全表中都唯一的人", "unique in the sample and in the whole table", uniqueness.population],
  ];
  return html`<h2>三种攻击者 <span lang="en">Three attackers</span></h2>
    <p class="note">
      检察者知道其人在样本中；记者只知道其人在全表中（按全表计数，不作估计）；营销者求多不求准。
      <span lang="en"
        >The prosecutor knows that the person is in the sample, the journalist that they are in the table, which is
        counted; the marketer wants many.</span
      >
    </p>
    ${barChart(bars, {
      label: "三种攻击者的风险",
      most: Math.max(1.4 / classRisk.minPersons, ...bars.map(({ value }) => value)),
      limit: { value: 1 / classRisk.minPersons, text: `τ = 1/${classRisk.minPersons}` },
    })}
    <table>
      <tbody>
        ${shares.flatMap(([zh, en, share]) =>
          share === undefined
            ? []
            : [
                html`<tr>
                  <th>${zh} <span lang="en">${en}</span></th>
                  <td>${percent(share)}</td>
                </tr>`,
              ],
        )}
      </tbody>
    </table>`;
}

function uniques({ minimalUniques }: RiskReport): Markup | string {
  if (minimalUniques === undefined) return "";
  const { columns, byColumn, bySize, rows, maxColumns } = minimalUniques;
  const bars = columns
    .map((name, i): Bar => ({ label: name, value: byColumn[i] ?? 0, text: percent(byColumn[i] ?? 0) }))
    .toSorted((a, b) => b.value - a.value);
  return html`<h2>最小唯一组合 <span lang="en">Minimal sample uniques</span></h2>
    <p class="note">
      不超过 ${String(maxColumns)} 列的取值组合中，只有一行具有、且去掉任何一列就不再唯一的：${percent(rows)}
      的行有这样的组合（${bySize.map((count, i) => `${i + 1} 列 ${figure(count)} 个`).join("、")}）。k
      只管准标识符；这里看作业可见的全部列，供判断各列类别是否定得过宽，不是放行规则。
      <span lang="en"
        >Combinations of values that one row alone has. k holds for quasi-identifiers; these are of every column that a
        job sees: a hint whether a column's role is too mild, not a rule of the gate. Bars: share of rows whose
        combination needs the column.</span
      >
    </p>
    ${barChart(bars, { label: "各列参与的唯一组合", most: Math.max(MIN_AXIS, ...byColumn) })}`;
}

function residue({ residual, transformFailures }: RiskReport): Markup | string {
  if (residual.length + transformFailures.length === 0) return "";
  return html`<h2>
      残留标识符与变换失败 <span lang="en">Identifiers that are left, values that a transform could not take</span>
    </h2>
    <table>
      <tbody>
        ${residual.map(
          ({ column, kind, values }) =>
            html`<tr>
              <th>${column}</th>
              <td class="bad">检出 <code>${kind}</code>${values === undefined ? "" : ` × ${values}`}</td>
            </tr>`,
        )}
        ${transformFailures.map(
          ({ column, values, share }) =>
            html`<tr>
              <th>${column}</th>
              <td>${figure(values)} 个取值成为空值 <span lang="en">became null</span>，${percent(share)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}
