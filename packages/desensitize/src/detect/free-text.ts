/** Free text: sentences and remarks, in which anything may stand.
 *  @module */

/** Characters from which a value with words in it is a text. */
const TEXT_CHARS = 20;
const WORDS = 4;

/** Whether `text` is prose: long, and with punctuation of sentences, several words, or a line break. Looks at its beginning. */
export function isFreeText(text: string): boolean {
  if (text.length < TEXT_CHARS) return false;
  const beginning = text.slice(0, 400);
  if (/[，。；！？\n\r]/u.test(beginning)) return true;
  return beginning.split(" ").filter((word) => /\p{L}{2}/u.test(word)).length >= WORDS;
}
