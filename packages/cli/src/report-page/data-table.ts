/** A table of a page: each column with its Chinese and its English name.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";

/** The table; `rows` are its `tr` elements. */
export function dataTable(columns: readonly (readonly [zh: string, en: string])[], rows: readonly Markup[]): Markup {
  return html`<table>
    <thead>
      <tr>
        ${columns.map(([zh, en]) => html`<th>${zh} <span lang="en">${en}</span></th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}
