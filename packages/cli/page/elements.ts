/** Elements with text in them. Nothing here reads markup, so no file can add any.
 *  @module */
import type { Words } from "../src/officer/page.ts";
import { visibleText } from "../src/officer/visible-text.ts";

/** An element of class `className` with children; a string is shown as the text it is. */
export function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children.map((child) => (typeof child === "string" ? visibleText(child) : child)));
  return made;
}

/** Chinese with its English beside or below it. */
export function words({ zh, en }: Words): DocumentFragment {
  const both = document.createDocumentFragment();
  const english = element("span", "", en);
  english.lang = "en";
  both.append(visibleText(zh), " ", english);
  return both;
}

/** A titled table; nothing when it has no rows. */
export function table(title: Words, columns: readonly Words[], rows: readonly (Node | string)[][]): Node {
  if (rows.length === 0) return document.createDocumentFragment();
  const head = element("tr", "", ...columns.map((column) => heading(column)));
  const body = rows.map((cells) => element("tr", "", ...cells.map((cell) => element("td", "", cell))));
  const grid = element("table", "", element("thead", "", head), element("tbody", "", ...body));
  return element("section", "long", element("h2", "", words(title)), grid);
}

function heading(column: Words): HTMLElement {
  const cell = element("th", "", words(column));
  cell.setAttribute("scope", "col");
  return cell;
}
