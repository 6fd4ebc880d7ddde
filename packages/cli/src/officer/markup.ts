/** HTML by template: every value is escaped, and only another template's result is not.
 *  @module */
import { visibleText } from "./visible-text.ts";

/** HTML that a template made. */
class Template {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}

/** Result of a template; nothing else makes one. */
export type Markup = Template;

/** HTML of the template, with each string shown as the text it is. */
export function html(parts: TemplateStringsArray, ...values: (string | Markup | readonly Markup[])[]): Markup {
  const written = values.map((value) => {
    if (typeof value === "string") return escapeText(visibleText(value));
    return value instanceof Template ? value.toString() : value.map(String).join("");
  });
  return new Template(String.raw({ raw: parts }, ...written));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
