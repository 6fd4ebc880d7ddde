/** JSON documents as officers and programs read them alike. `JSON.parse` takes an object that names a member twice and keeps the
 *  last; whoever reads the text may go by the first.
 *  @module */
import { visibleText } from "./officer/visible-text.ts";

/** Objects and lists in one another that a document may have. */
export const MAX_JSON_DEPTH = 64;
/** Characters of a member's name that are shown. */
const SHOWN_CHARS = 64;

/** The value of `text`. @throws SyntaxError whose message completes "the file …", names at most a member and no value */
export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError("is not JSON", { cause });
  }
  refuseAmbiguous(text);
  return value;
}

/** Looks at the tokens of `text`, which is JSON, one after another. */
function refuseAmbiguous(text: string): void {
  /** Names in each object that is open; a list has none. */
  const open: Set<string>[] = [];
  let string = "";
  for (let at = 0; at < text.length; at++) {
    switch (text.charAt(at)) {
      case '"': {
        const end = endOfString(text, at);
        string = text.slice(at, end);
        at = end - 1;
        break;
      }
      case ":": {
        const name = JSON.parse(string) as string;
        const names = open.at(-1);
        if (names?.has(name) === true) {
          throw new SyntaxError(`has the member "${visibleText(name.slice(0, SHOWN_CHARS))}" twice in one object`);
        }
        names?.add(name);
        break;
      }
      case "{":
      case "[":
        if (open.length === MAX_JSON_DEPTH) throw new SyntaxError(`is nested deeper than ${MAX_JSON_DEPTH} levels`);
        open.push(new Set());
        break;
      case "}":
      case "]":
        open.pop();
        break;
    }
  }
}

/** Place after the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
