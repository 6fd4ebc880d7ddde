/** Landline numbers: an area code of the table, then seven or eight digits that do not begin with 0 or 1.
 *  @module */
import { AREA_CODES } from "./facts/area-codes.ts";
import { normalForm } from "@sluice/protocol";

/** Whether `text` is a landline number: area code and number set apart by a hyphen, a space or brackets, or after +86, with or
 *  without an extension. With `undelimited`, which takes a column's name that says telephone, also as one run of digits:
 *  parcel and account numbers look like that. */
export function isLandline(text: string, { undelimited = false }: { undelimited?: boolean } = {}): boolean {
  const number = normalForm(text).replace(/(?:转|-|ext\.?)[0-9]{1,5}$/iu, (extension, at: number) =>
    at > 10 ? "" : extension,
  );
  const parts = /^(\+?86[- ]?)?\(?(0?(?:10|2[0-9]|[3-9][0-9]{2}))(\)[- ]?|[- ]?)([2-9][0-9]{2,3}[- ]?[0-9]{4})$/u.exec(
    number,
  );
  if (parts === null) return false;
  const [, country, code = "", separator, subscriber = ""] = parts;
  if (country === undefined && (!code.startsWith("0") || (separator === "" && !undelimited))) return false;
  const area = code.startsWith("0") ? code : `0${code}`;
  const digits = subscriber.replace(/[- ]/u, "").length;
  return AREA_CODES.has(area) && (area.length === 3 ? digits === 8 : digits >= 7);
}
