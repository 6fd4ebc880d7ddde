/** Unified social credit codes (统一社会信用代码), GB 32100-2015: registering department, category, six digits of
 *  division, nine characters of organisation, one check character modulo 31.
 *  @module */
import { CREDIT_CODE_CATEGORIES } from "./facts/credit-code-categories.ts";
import { PROVINCE_CODES } from "./facts/province-codes.ts";
import { bareForm } from "./normal-form.ts";

const ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/** Division of organisations that a ministry registers. */
const NATIONAL_DIVISION = "100000";

/** Check character of the first 17 characters. @throws RangeError when they are not 17 characters of the code's alphabet. */
export function socialCreditCheckCharacter(characters: string): string {
  let sum = 0;
  let weight = 1;
  for (const character of characters) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) throw new RangeError("a social credit code has digits and capitals without I, O, S, V, Z");
    sum += value * weight;
    weight = (weight * 3) % 31;
  }
  if (characters.length !== 17) throw new RangeError("the check character covers exactly 17 characters");
  return ALPHABET[(31 - (sum % 31)) % 31] ?? "";
}

/** Whether `text` is a social credit code: a department with one of its categories, a division of a province or the nation,
 *  a right check character. Full-width and lower-case characters count as their normal forms; spaces, hyphens and format
 *  characters are ignored. */
export function isSocialCreditCode(text: string): boolean {
  const code = bareForm(text).toUpperCase();
  if (!/^[1-9ANY][1-59][0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}$/.test(code)) return false;
  const [department = "", category = ""] = code;
  if (CREDIT_CODE_CATEGORIES.get(department)?.includes(category) !== true) return false;
  const division = code.slice(2, 8);
  if (division !== NATIONAL_DIVISION && !PROVINCE_CODES.has(division.slice(0, 2))) return false;
  return socialCreditCheckCharacter(code.slice(0, 17)) === code[17];
}
