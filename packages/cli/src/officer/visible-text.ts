/** Text that others wrote, made safe to show: nothing in it can move the cursor, turn the direction of writing, hide
 *  itself or start a line. What would is shown as its code point.
 *  @module */

const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;
/** Controls, formats (direction marks among them), lone surrogates, private use, and what a font shows as nothing. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/gu;

/** `text` on one line, with every character to be seen. */
export function visibleText(text: string): string {
  return text.replaceAll(BREAKS, " ").replaceAll(HIDDEN, (character) => {
    const codePoint = character.codePointAt(0) ?? 0;
    return `[U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}]`;
  });
}

/** The same line by line: a line break stays one. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visibleText).join("\n");
}
