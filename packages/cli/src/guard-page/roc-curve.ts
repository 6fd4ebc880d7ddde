/** A ROC curve as inline SVG, with the line of chance, the place of 1 % of false alarms, and the largest gap between both rates,
 *  which is the distance of Kolmogorov and Smirnov between the two distributions of losses.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";

const SIZE = 300;
const LEFT = 56;
const TOP = 12;
const TICKS = [0, 0.25, 0.5, 0.75, 1] as const;

/** What is drawn: `points` of false and true positive rate, and the largest gap as it was measured. */
export interface Roc {
  readonly points: readonly (readonly [number, number])[];
  readonly gap: number;
  readonly label: string;
}

/** The chart. */
export function rocCurve({ points, gap, label }: Roc): Markup {
  const x = (rate: number): string => (LEFT + SIZE * rate).toFixed(1);
  const y = (rate: number): string => (TOP + SIZE * (1 - rate)).toFixed(1);
  const path = points.map(([alarms, found], i) => `${i === 0 ? "M" : "L"}${x(alarms)} ${y(found)}`).join(" ");
  // Of the points that are kept, the one at which the rates are farthest apart.
  const [alarms, found] = points.reduce<readonly [number, number]>(
    (widest, point) => (Math.abs(point[1] - point[0]) > Math.abs(widest[1] - widest[0]) ? point : widest),
    [0, 0],
  );
  return html`<svg viewBox="0 0 720 ${String(TOP + SIZE + 48)}" role="img" aria-label="${label}">
    ${TICKS.map(
      (tick) =>
        html`<line class="rule" x1="${x(tick)}" x2="${x(tick)}" y1="${y(0)}" y2="${y(1)}" />
          <line class="rule" x1="${x(0)}" x2="${x(1)}" y1="${y(tick)}" y2="${y(tick)}" />
          <text class="axis" x="${x(tick)}" y="${String(TOP + SIZE + 18)}" text-anchor="middle">${String(tick)}</text>
          <text class="axis" x="${String(LEFT - 8)}" y="${(TOP + SIZE * (1 - tick) + 4).toFixed(1)}" text-anchor="end">
            ${String(tick)}
          </text>`,
    )}
    <line class="chance" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" />
    <line class="limit" x1="${x(0.01)}" y1="${y(0)}" x2="${x(0.01)}" y2="${y(1)}" />
    <path class="curve" d="${path}" />
    <line class="gap" x1="${x(alarms)}" y1="${y(alarms)}" x2="${x(alarms)}" y2="${y(found)}" />
    <text class="label" x="${x(0.5)}" y="${String(TOP + SIZE + 40)}" text-anchor="middle">误报率 / false alarms</text>
    <text class="label" x="${x(1.06)}" y="${y(0.94)}">${label}</text>
    <text class="label" x="${x(1.06)}" y="${y(0.86)}">纵轴：认出率 / members found</text>
    <text class="label" x="${x(1.06)}" y="${y(0.78)}">虚线：碰运气 / chance</text>
    <text class="limit-text" x="${x(1.06)}" y="${y(0.7)}">红线：1% 误报 / 1 % of false alarms</text>
    <text class="label" x="${x(1.06)}" y="${y(0.62)}">橙线：最大差距 / largest gap ${gap.toFixed(3)}</text>
  </svg>`;
}
