/** What the page cannot do, in both languages.
 *  @module */
import type { Words } from "../src/officer/page.ts";

/** Ends the work with words for the person. */
export class Unable extends Error {
  readonly words: Words;
  constructor(both: Words) {
    super(both.en);
    this.words = both;
  }
}
