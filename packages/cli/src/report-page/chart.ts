/** Charts as inline SVG: bars for one dimension, a grid of shaded cells for two. Numbers stand in the chart where they fit;
 *  what is not listed is hatched, so that it does not look like zero.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";
import { displayWidth } from "../table.ts";
import { formatNumber, type Grid, type Shown } from "./grids.ts";

/** Range of the numbers that share one scale. */
export interface Scale {
  readonly least: number;
  readonly most: number;
}

/** Width of every chart in its own units, which are pixels on a screen. */
const WIDTH = 720;
/** Most height that rows take: more of them are set closer, so that a chart fits on a page. */
const MAX_ROWS_HEIGHT = 700;
const BAR_STEP = 28;
/** Share of a step that its bar fills. */
const BAR_SHARE = 0.78;
/** Length of the bar that stands for what is not listed. */
const HATCHED_WIDTH = 44;
const CELL_HEIGHT = 30;
/** Widest cell: a grid of few columns does not fill the page. */
const MAX_CELL_WIDTH = 120;
/** Narrowest cell that still shows its number. */
const MIN_NUMBER_WIDTH = 44;
/** Longest label on an axis, in columns of a terminal; longer ones are cut. */
const MAX_LABEL_COLUMNS = 22;
/** Width of one such column at the size of labels. */
const COLUMN_WIDTH = 6.6;
const TICKS = 4;
/** Lightest and darkest shade, as parts of red, green and blue. */
const LIGHT = [232, 240, 248] as const;
const DARK = [16, 72, 122] as const;
/** Share of the scale from which text on a shade is white. */
const WHITE_TEXT_FROM = 0.65;

/** What a chart needs beside its grid. */
export interface ChartOptions {
  /** Shared by grids that are compared. */
  readonly scale: Scale;
  /** Persons or things that a listed cell covers at least. */
  readonly minimum: number;
  /** Unique on the page. */
  readonly id: string;
  /** What the chart is of, for those who cannot see it. */
  readonly label: string;
}

/** The chart of `grid`. */
export function chart(grid: Grid, options: ChartOptions): Markup {
  return grid.columnName === null ? bars(grid, options) : cells(grid, options);
}

/** Whether the chart of `grid` has room for its numbers. */
export function showsNumbers(grid: Grid): boolean {
  return grid.columnName === null || cellWidth(grid) >= MIN_NUMBER_WIDTH;
}

/** Height of one row. */
function rowStep(rows: readonly string[], usual: number): number {
  return Math.min(usual, MAX_ROWS_HEIGHT / rows.length);
}

function bars({ rows, cells: values, rowName }: Grid, { scale, minimum, id, label }: ChartOptions): Markup {
  const left = labelWidth([...rows, rowName]);
  const most = niceCeiling(Math.max(scale.most, 0));
  const least = scale.least < 0 ? -niceCeiling(-scale.least) : 0;
  const plot = WIDTH - left - 90;
  const x = (value: number): number => left + (plot * (value - least)) / (most - least || 1);
  const step = rowStep(rows, BAR_STEP);
  const barHeight = step * BAR_SHARE;
  const height = rows.length * step;
  const ticks = Array.from({ length: TICKS + 1 }, (_, i) => least + ((most - least) * i) / TICKS);
  return frame({ height: height + 34, id, label }, [
    ...ticks.map(
      (tick) =>
        html`<line class="rule" x1="${px(x(tick))}" x2="${px(x(tick))}" y1="0" y2="${px(height)}" />
          <text class="axis" x="${px(x(tick))}" y="${px(height + 16)}" text-anchor="middle">
            ${formatNumber(Number(tick.toPrecision(6)))}
          </text>`,
    ),
    ...rows.map((row, i) => {
      const y = (i + (1 - BAR_SHARE) / 2) * step;
      const middle = px(y + barHeight / 2 + 4);
      const cell: Shown = values[i]?.[0] ?? { kind: "unlisted" };
      const name = html`<text class="label" x="${px(left - 8)}" y="${middle}" text-anchor="end">${cut(row)}</text>`;
      const beside = (x: number, content: string): Markup =>
        html`<text class="value" x="${px(x + 6)}" y="${middle}">${content}</text>`;
      if (cell.kind === "withheld") return html`${name}${beside(x(0), "*")}`;
      if (cell.kind === "unlisted") {
        const hatch = html`<rect
          x="${px(x(0))}"
          y="${px(y)}"
          width="${String(HATCHED_WIDTH)}"
          height="${px(barHeight)}"
          fill="url(#${id}-hatch)"
        />`;
        return html`${name}${hatch}${beside(x(0) + HATCHED_WIDTH, unlistedLong(minimum))}`;
      }
      const [from, to] = [Math.min(x(0), x(cell.value)), Math.max(x(0), x(cell.value))];
      return html`${name}<rect
          class="bar"
          x="${px(from)}"
          y="${px(y)}"
          width="${px(Math.max(1, to - from))}"
          height="${px(barHeight)}"
        />${beside(to, formatNumber(cell.value))}`;
    }),
    html`<line class="zero" x1="${px(x(0))}" x2="${px(x(0))}" y1="0" y2="${px(height)}" />`,
  ]);
}

/** Width of one cell: narrow where there are many, and never so wide that few of them fill the page. */
function cellWidth({ rows, columns, rowName }: Grid): number {
  return Math.min(MAX_CELL_WIDTH, (WIDTH - labelWidth([...rows, rowName]) - 10) / columns.length);
}

function cells(grid: Grid, options: ChartOptions): Markup {
  const { rows, columns, rowName, columnName } = grid;
  const left = labelWidth([...rows, rowName]);
  const width = cellWidth(grid);
  // Labels that are wider than their column stand upright.
  const upright = columns.some((column) => labelWidth([column]) > width);
  const top = 24 + (upright ? labelWidth(columns) : 18);
  const step = rowStep(rows, CELL_HEIGHT);
  const height = top + rows.length * step + 4;
  const right = left + columns.length * width;
  return frame({ height, ...options }, [
    html`<text class="name" x="${px(left - 8)}" y="${px(top - 8)}" text-anchor="end">${cut(rowName)}</text>
      <text class="name" x="${px((left + right) / 2)}" y="12" text-anchor="middle">${cut(columnName ?? "")}</text>`,
    ...columns.map((column, i) => {
      const x = px(left + (i + 0.5) * width + (upright ? 4 : 0));
      if (!upright)
        return html`<text class="label" x="${x}" y="${px(top - 8)}" text-anchor="middle">${cut(column)}</text>`;
      const y = px(top - 8);
      return html`<text class="label" x="${x}" y="${y}" transform="rotate(-90 ${x} ${y})">${cut(column)}</text>`;
    }),
    ...rows.map((row, i) => {
      const y = top + i * step;
      const name = html`<text class="label" x="${px(left - 8)}" y="${px(y + step / 2 + 4)}" text-anchor="end">
        ${cut(row)}
      </text>`;
      const boxes = columns.map((_, column) =>
        box(grid.cells[i]?.[column] ?? { kind: "unlisted" }, {
          x: left + column * width,
          y,
          width,
          height: step,
          ...options,
        }),
      );
      return html`${name}${boxes}`;
    }),
  ]);
}

interface Place extends ChartOptions {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function box(cell: Shown, { x, y, width, height, scale, minimum, id }: Place): Markup {
  const rect = (fill: string): Markup =>
    html`<rect
      class="cell"
      x="${px(x + 1)}"
      y="${px(y + 1)}"
      width="${px(Math.max(1, width - 2))}"
      height="${px(height - 2)}"
      fill="${fill}"
    />`;
  const text = (content: string, ink: string): Markup | string =>
    width < MIN_NUMBER_WIDTH
      ? ""
      : html`<text class="${ink}" x="${px(x + width / 2)}" y="${px(y + height / 2 + 4)}" text-anchor="middle">
          ${content}
        </text>`;
  if (cell.kind === "unlisted") return html`${rect(`url(#${id}-hatch)`)}${text(unlistedShort(minimum), "absent")}`;
  if (cell.kind === "withheld") return html`${rect("#fff")}${text("*", "value")}`;
  const share = scale.most === scale.least ? 0.4 : (cell.value - scale.least) / (scale.most - scale.least);
  const ink = share >= WHITE_TEXT_FROM ? "value on-dark" : "value";
  return html`${rect(shade(share))}${text(formatNumber(cell.value), ink)}`;
}

function frame(
  { height, id, label }: { readonly height: number; readonly id: string; readonly label: string },
  parts: readonly Markup[],
): Markup {
  return html`<svg viewBox="0 0 ${String(WIDTH)} ${px(height)}" role="img" aria-label="${label}">
    <defs>
      <pattern id="${id}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="6" height="6" fill="#fafbfc" />
        <line x1="0" y1="0" x2="0" y2="6" stroke="#dde2e8" stroke-width="2" />
      </pattern>
    </defs>
    ${parts}
  </svg>`;
}

/** Room for labels on an axis. */
function labelWidth(labels: readonly string[]): number {
  const columns = labels.reduce((widest, text) => Math.max(widest, displayWidth(cut(text))), 0);
  return Math.round(columns * COLUMN_WIDTH + 14);
}

/** `text`, or its beginning when it is too long for an axis. */
function cut(text: string): string {
  let kept = "";
  for (const character of text) {
    if (displayWidth(kept + character) > MAX_LABEL_COLUMNS) return `${kept}…`;
    kept += character;
  }
  return kept;
}

/** The least number above `value` whose quarters are short, for the ticks. */
function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8].find((step) => step * power >= value) ?? 10);
}

function shade(share: number): string {
  const parts = LIGHT.map((light, i) => Math.round(light + ((DARK[i] ?? 0) - light) * share));
  return `rgb(${parts.join(" ")})`;
}

/** What stands in a small space where a cell is not listed. */
export function unlistedShort(minimum: number): string {
  return `少于${minimum}`;
}

/** What stands where there is room. */
export function unlistedLong(minimum: number): string {
  return `少于${minimum} / fewer than ${minimum} or none`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
