/** Texts in CSV files (RFC 4180) that people open in office programs: none is taken for a formula.
 *  @module */

/** What an office program would compute instead of show: a cell that begins so. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u;
const NUMBER = /^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/u;

/** The cell that shows `text`. An empty text is quoted. One that would be a formula is quoted with an apostrophe before it; numbers
 *  are as they are. */
export function officeCell(text: string): string {
  const shown = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return text === "" || shown !== text || /[",\r\n]/u.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}
