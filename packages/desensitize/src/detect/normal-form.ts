/** The form in which a value is looked at: full-width digits and letters as normal ones, no space around it.
 *  @module */

/** Characters of a value that can still be one identifier, name or address; a longer one is none. */
export const MAX_IDENTIFIER_CHARS = 200;

/** `text` in NFKC without surrounding space; `""` when it is longer than `MAX_IDENTIFIER_CHARS`, so that no later step costs
 *  more than a bounded amount. Lone surrogates and NUL stay as they are and match nothing. */
export function normalForm(text: string): string {
  return text.length > MAX_IDENTIFIER_CHARS ? "" : text.normalize("NFKC").trim();
}
