/** A list of facts of a page: each with its Chinese and its English name.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";

/** Chinese name, English name, value. */
export type Fact = [zh: string, en: string, value: string];

/** The list. */
export function factList(facts: readonly Fact[]): Markup {
  return html`<dl class="facts">
    ${facts.map(
      ([zh, en, value]) =>
        html`<div>
          <dt>${zh} <span lang="en">${en}</span></dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
