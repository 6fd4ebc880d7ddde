/** What a risk report's page has beside the look of every report.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";

/** The style element. */
export const RISK_STYLE: Markup = html`<style>
  .verdict {
    display: flex;
    align-items: center;
    gap: 16px;
    margin: 14px 0 0;
    padding: 10px 16px;
    border-radius: 6px;
    border-left: 6px solid;
  }
  .verdict b {
    font-size: 22px;
  }
  .passed {
    background: #e9f5ec;
    border-color: #23803c;
  }
  .passed b,
  td.ok {
    color: #1c6a31;
  }
  .refused {
    background: #fbebe9;
    border-color: #b3261e;
  }
  .refused b,
  td.bad {
    color: #b3261e;
    font-weight: 700;
  }
  .formula {
    margin: 4px 0;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .note {
    margin: 4px 0;
    font-size: 12.5px;
    color: #3c4854;
  }
  .mend {
    margin: 10px 0;
    padding: 8px 14px;
    background: #fdf6e3;
    border-radius: 6px;
  }
  svg .over {
    fill: #b3261e;
  }
  svg .value {
    paint-order: stroke;
    stroke: #fff;
    stroke-width: 4px;
  }
  svg .limit {
    stroke: #b3261e;
    stroke-dasharray: 4 3;
  }
  svg .limit-text {
    fill: #b3261e;
    font-size: 11px;
  }
  code {
    overflow-wrap: anywhere;
  }
</style>`;
