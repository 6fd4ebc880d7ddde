/** A chart of lines as inline SVG: one horizontal axis, one line for each series, their last values written beside them. Numbers are drawn
 *  from exact values; the table below the chart has all their digits.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";
import { displayWidth } from "../table.ts";

/** One line: its points from left to right. */
export interface Series {
  readonly title: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Drawn broken: a limit. */
  readonly isLimit?: true;
}

/** What a chart says beside its lines. */
export interface LineChartOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
}

const WIDTH = 720;
const HEIGHT = 300;
const LEFT = 86;
const TOP = 26;
const BOTTOM = 42;
const TICKS = 5;
/** Widest title at the right of a line, and the width of one column of it. */
const MAX_TITLE_COLUMNS = 24;
const COLUMN_WIDTH = 6.6;
/** Least distance of two titles. */
const TITLE_STEP = 15;
const COLOURS = ["#1d5f9c", "#b4531a", "#2d7d46", "#7a3b94", "#8a6d00", "#a02c4a"] as const;

/** The chart. Points that are not finite are left out; without any there is no chart. */
export function lineChart(series: readonly Series[], { title, xTitle, yTitle }: LineChartOptions): Markup {
  const shown = series.map((one) => ({
    ...one,
    points: one.points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)),
  }));
  const points = shown.flatMap((one) => one.points);
  if (points.length === 0) return html``;
  const right =
    16 + Math.max(...shown.map((one) => COLUMN_WIDTH * Math.min(MAX_TITLE_COLUMNS, displayWidth(one.title))));
  const xs = ticks(points.map(({ x }) => x));
  const ys = ticks([0, ...points.map(({ y }) => y)]);
  const scaleX = scale(xs, LEFT, WIDTH - right);
  const scaleY = scale(ys, HEIGHT - BOTTOM, TOP);
  return html`<svg viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="${title}">
    <text class="name" x="${px(LEFT)}" y="14" text-anchor="start">${yTitle}</text>
    ${ys.map(
      (tick) =>
        html`<line
            class="rule"
            x1="${px(LEFT)}"
            x2="${px(WIDTH - right)}"
            y1="${px(scaleY(tick))}"
            y2="${px(scaleY(tick))}"
          />
          <text class="axis" x="${px(LEFT - 8)}" y="${px(scaleY(tick) + 4)}" text-anchor="end"
            >${tickText(tick)}</text
          >`,
    )}
    ${xs.map(
      (tick) =>
        html`<text class="axis" x="${px(scaleX(tick))}" y="${px(HEIGHT - BOTTOM + 17)}" text-anchor="middle"
          >${tickText(tick)}</text
        >`,
    )}
    <text class="name" x="${px((LEFT + WIDTH - right) / 2)}" y="${px(HEIGHT - 6)}" text-anchor="middle">${xTitle}</text>
    <line
      class="zero"
      x1="${px(LEFT)}"
      x2="${px(WIDTH - right)}"
      y1="${px(scaleY(Math.max(0, ys[0] ?? 0)))}"
      y2="${px(scaleY(Math.max(0, ys[0] ?? 0)))}"
    />
    ${shown.map((one, i) => line(one, COLOURS[i % COLOURS.length] ?? COLOURS[0], scaleX, scaleY))}
    ${titles(shown, scaleX, scaleY)}
  </svg>`;
}

type Scale = (value: number) => number;

function line({ points, isLimit }: Series, colour: string, scaleX: Scale, scaleY: Scale): Markup {
  const path = points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${px(scaleX(x))} ${px(scaleY(y))}`).join("");
  const dashes = isLimit === true ? "6 4" : "none";
  return html`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashes}" />${
      points.length > 40
        ? ""
        : points.map(
            ({ x, y }) => html`<circle cx="${px(scaleX(x))}" cy="${px(scaleY(y))}" r="2.6" fill="${colour}" />`,
          )
    }`;
}

/** Titles at the ends of their lines, moved apart where they would touch. */
function titles(series: readonly Series[], scaleX: Scale, scaleY: Scale): Markup[] {
  const ends = series
    .flatMap(({ title, points }, i) => {
      const last = points.at(-1);
      return last === undefined ? [] : [{ title, i, x: scaleX(last.x) + 8, y: scaleY(last.y) + 4 }];
    })
    .toSorted((a, b) => a.y - b.y);
  let below = Number.NEGATIVE_INFINITY;
  return ends.map(({ title, i, x, y }) => {
    below = Math.max(y, below + TITLE_STEP);
    return html`<text x="${px(x)}" y="${px(below)}" style="fill:${COLOURS[i % COLOURS.length] ?? ""}">${title}</text>`;
  });
}

/** Round numbers from below the least to above the greatest value. */
function ticks(values: readonly number[]): number[] {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const span = most - least || Math.abs(most) || 1;
  const power = 10 ** Math.floor(Math.log10(span / TICKS));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((one) => span / one <= TICKS) ?? 10 * power;
  const first = Math.floor(least / step);
  const count = Math.ceil(most / step) - first + 1;
  return Array.from({ length: Math.max(2, count) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function scale(range: readonly number[], from: number, to: number): Scale {
  const least = range[0] ?? 0;
  const most = range.at(-1) ?? 1;
  return (value) => from + ((value - least) / (most - least || 1)) * (to - from);
}

/** `162万`, `1.5亿`, `0.001`. */
function tickText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e8) return `${Number((value / 1e8).toPrecision(4))}亿`;
  if (size >= 1e4) return `${Number((value / 1e4).toPrecision(4))}万`;
  return String(Number(value.toPrecision(6)));
}

function px(value: number): string {
  return String(Number(value.toFixed(1)));
}
