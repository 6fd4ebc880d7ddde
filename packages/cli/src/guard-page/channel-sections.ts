/** What outputs can carry at most, of this run and of all runs over the source table before it.
 *  @module */
import type { Inspection } from "@sluice/domain";
import { MAX_AUTOMATIC_BITS } from "@sluice/desensitize";
import { html, type Markup } from "../officer/markup.ts";
import { dataTable } from "../report-page/data-table.ts";
import { barChart } from "../risk-page/bars.ts";

/** Earlier outputs that are listed, the latest first. */
const MAX_LISTED = 40;

/** The bound of each output. */
export function channelSection({ channel }: Inspection): Markup {
  return html`<h2>通道上限 <span lang="en">Bound on what outputs can carry</span></h2>
    ${dataTable(
      [
        ["输出", "Output"],
        ["比特", "Bits"],
        ["每", "Per"],
      ],
      channel.map(
        ({ output, bits, per }) =>
          html`<tr>
            <th>${output}</th>
            <td>${String(bits)}</td>
            <td>${per === "row" ? "行 / row" : "输出 / output"}</td>
          </tr>`,
      ),
    )}`;
}

/** What was registered of the source table before, and its sum beside the budget. */
export function registerSection({ earlier }: Inspection): Markup {
  const bits = earlier.reduce((sum, output) => sum + output.bits, 0);
  const listed = earlier.toReversed().slice(0, MAX_LISTED);
  const bar = { label: "此前合计 / before", value: bits, text: `${bits} bits`, over: bits > MAX_AUTOMATIC_BITS };
  return html`<h2>同一数源表此前的出域登记 <span lang="en">Earlier outputs of the source table</span></h2>
    ${barChart([bar], {
      label: "此前出域合计 / sum before",
      most: Math.max(bits, MAX_AUTOMATIC_BITS * 1.1),
      limit: { value: MAX_AUTOMATIC_BITS, text: `${MAX_AUTOMATIC_BITS}` },
    })}
    ${dataTable(
      [
        ["产品", "Product"],
        ["种类", "Kind"],
        ["时间", "At"],
        ["比特", "Bits"],
      ],
      listed.map(
        ({ product, version, kind, at, bits: own }) =>
          html`<tr>
            <th>${product} ${String(version)}</th>
            <td>${kind}</td>
            <td>${at}</td>
            <td>${String(own)}</td>
          </tr>`,
      ),
    )}
    <p class="note">
      共 ${String(earlier.length)} 项，列出最近 ${String(listed.length)} 项。
      <span lang="en">The latest ${String(listed.length)} of ${String(earlier.length)}.</span>
    </p>`;
}
