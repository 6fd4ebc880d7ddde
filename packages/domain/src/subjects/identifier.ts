/** The identifier of a person as a clerk gives it, in the form in which the store reads keys: the one that an import would
 *  have made of the same text. Text is taken as it is, its case and its blanks included.
 *  @module */
import { SluiceError, type ResourceField } from "@sluice/protocol";

/** Characters of an identifier at most. */
export const MAX_IDENTIFIER_CHARS = 256;

/** `text` as a key of a column of that type; null when no value of the type is written so. */
export function normalIdentifier(text: string, type: ResourceField["type"]): string | null {
  switch (type) {
    case "text":
      return text;
    case "integer":
      return /^[+-]?[0-9]{1,18}$/u.test(text) ? String(BigInt(text)) : null;
    case "date":
      return isDate(text) ? text : null;
    case "decimal":
    case "boolean":
      return null; // not a key
  }
}

/** @throws ERR_USAGE, which repeats nothing of `text` */
export function checkIdentifier(text: string): string {
  if (text.length === 0) throw new SluiceError("ERR_USAGE", { reason: "no identifier was given on standard input" });
  if (text.length > MAX_IDENTIFIER_CHARS || /[\r\n]/u.test(text)) {
    const reason = `an identifier expected one line of at most ${MAX_IDENTIFIER_CHARS} characters`;
    throw new SluiceError("ERR_USAGE", { reason });
  }
  return text;
}

function isDate(text: string): boolean {
  const time = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/u.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
