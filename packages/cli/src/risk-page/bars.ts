/** Horizontal bars as inline SVG, with a line where a limit is. Values stand beside their bars, so that none has to be read off.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";
import { displayWidth } from "../table.ts";

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands beside it. */
  readonly text: string;
  /** Shown in the colour of what is over a limit. */
  readonly over?: boolean;
}

/** What all bars share. */
export interface BarsOptions {
  /** What the chart is of, for those who cannot see it. */
  readonly label: string;
  /** The value whose bar has full length. */
  readonly most: number;
  readonly limit?: { readonly value: number; readonly text: string } | undefined;
}

/** Width of a chart in its own units, which are pixels on a screen. */
const WIDTH = 720;
const STEP = 26;
const BAR_HEIGHT = 16;
/** Room for the text beside a bar. */
const TEXT_WIDTH = 150;
/** Longest label, in columns of a terminal. */
const MAX_LABEL_COLUMNS = 34;
const COLUMN_WIDTH = 6.6;

/** The chart. */
export function barChart(bars: readonly Bar[], { label, most, limit }: BarsOptions): Markup {
  const widest = bars.reduce((width, bar) => Math.max(width, displayWidth(cut(bar.label))), 0);
  const left = Math.round(widest * COLUMN_WIDTH + 14);
  const plot = WIDTH - left - TEXT_WIDTH;
  const x = (value: number): number => left + (plot * Math.min(Math.max(value, 0), most)) / (most || 1);
  const top = limit === undefined ? 4 : 20;
  const height = top + bars.length * STEP + 4;
  return html`<svg viewBox="0 0 ${String(WIDTH)} ${px(height)}" role="img" aria-label="${label}">
    <line class="zero" x1="${px(left)}" x2="${px(left)}" y1="${px(top)}" y2="${px(height)}" />
    ${limit === undefined ? "" : limitLine(x(limit.value), { top, height, text: limit.text })}
    ${bars.map((bar, i) => {
      const y = top + i * STEP + (STEP - BAR_HEIGHT) / 2;
      const middle = px(y + BAR_HEIGHT / 2 + 4);
      return html`<text class="label" x="${px(left - 8)}" y="${middle}" text-anchor="end">${cut(bar.label)}</text>
        <rect
          class="${bar.over === true ? "bar over" : "bar"}"
          x="${px(left)}"
          y="${px(y)}"
          width="${px(Math.max(bar.value > 0 ? 1 : 0, x(bar.value) - left))}"
          height="${px(BAR_HEIGHT)}"
        />
        <text class="value" x="${px(x(bar.value) + 7)}" y="${middle}">${bar.text}</text>`;
    })}
  </svg>`;
}

function limitLine(x: number, { top, height, text }: { top: number; height: number; text: string }): Markup {
  return html`<line class="limit" x1="${px(x)}" x2="${px(x)}" y1="${px(top - 4)}" y2="${px(height)}" />
    <text class="limit-text" x="${px(x + 4)}" y="${px(top - 7)}">${text}</text>`;
}

/** `text`, or its beginning when it is too long. */
function cut(text: string): string {
  let kept = "";
  for (const character of text) {
    if (displayWidth(kept + character) > MAX_LABEL_COLUMNS) return `${kept}…`;
    kept += character;
  }
  return kept;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
