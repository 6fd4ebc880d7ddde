/** One table of an export's index page.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";

/** A cell: text is escaped. */
export type Cell = string | Markup;

/** What a section shows. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly empty: string;
  readonly remark?: string;
}

/** A section with its heading in both languages. */
export function section(zh: string, en: string, { head, rows, empty, remark }: Table): Markup {
  const table = html`<table>
    <thead>
      <tr>
        ${head.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
  return html`<section class="long">
    <h2>${zh} <span lang="en">${en}</span></h2>
    ${rows.length === 0 ? html`<p class="remark-line">${empty}</p>` : table}
    ${remark === undefined ? "" : html`<p class="remark-line">${remark}</p>`}
  </section>`;
}

/** A hash, a key or a path. */
export function code(text: string): Markup {
  return html`<code>${text}</code>`;
}

/** A figure. */
export function right(text: Cell): Markup {
  return html`<span class="amount">${text}</span>`;
}
