/** A ROC curve as inline SVG, with the line of chance and the place of 1 % of false alarms.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";

const SIZE = 300;
const LEFT = 56;
const TOP = 12;
const TICKS = [0, 0.25, 0.5, 0.75, 1] as const;

/** The curve through `points` of false and true positive rate. */
export function rocCurve(points: readonly (readonly [number, number])[], label: string): Markup {
  const x = (rate: number): string => (LEFT + SIZE * rate).toFixed(1);
  const y = (rate: number): string => (TOP + SIZE * (1 - rate)).toFixed(1);
  const path = points.map(([alarms, found], i) => `${i === 0 ? "M" : "L"}${x(alarms)} ${y(found)}`).join(" ");
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
    <text class="label" x="${x(0.5)}" y="${String(TOP + SIZE + 40)}" text-anchor="middle">误报率 / false alarms</text>
    <text class="label" x="${x(1.06)}" y="${y(0.94)}">${label}</text>
    <text class="label" x="${x(1.06)}" y="${y(0.86)}">纵轴：认出率 / members found</text>
    <text class="label" x="${x(1.06)}" y="${y(0.78)}">虚线：碰运气 / chance</text>
    <text class="limit-text" x="${x(1.06)}" y="${y(0.7)}">红线：1% 误报 / 1 % of false alarms</text>
  </svg>`;
}
