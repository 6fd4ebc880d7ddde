/** Unified social credit codes (统一社会信用代码), GB 32100-2015: registering department, category, six digits of
 *  division, nine characters of organisation, one check character modulo 31.
 *  @module */
import { CREDIT_CODE_CATEGORIES } from "./credit-code-categories.ts";
import { PROVINCE_CODES } from "./province-codes.ts";
import { canonicalForm, keyFault, type KeyOutcome } from "./key-outcome.ts";
import { bareKey } from "./normal-form.ts";

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

/** A social credit code in capitals: a department with one of its categories, a division of a province or the nation, a right
 *  check character. Full-width and lower-case characters count as their normal forms; spaces, hyphens and format characters
 *  are ignored. A letter that the code has not is not read as the digit that it looks like. */
export function canonicalCreditCode(text: string): KeyOutcome {
  const bare = bareKey(text);
  if (!bare.ok) return bare;
  const code = bare.key.toUpperCase();
  if (!/^[0-9A-HJ-NP-RTUWXY]*$/.test(code)) return keyFault("characters");
  if (code.length !== 18) return keyFault("length");
  const [department = "", category = ""] = code;
  const division = code.slice(2, 8);
  if (
    CREDIT_CODE_CATEGORIES.get(department)?.includes(category) !== true ||
    !/^[0-9]{6}$/.test(division) ||
    (division !== NATIONAL_DIVISION && !PROVINCE_CODES.has(division.slice(0, 2)))
  ) {
    return keyFault("codes");
  }
  if (socialCreditCheckCharacter(code.slice(0, 17)) !== code[17]) return keyFault("check-character");
  return canonicalForm(code);
}

/** Whether `text` is a social credit code, as `canonicalCreditCode` reads it. */
export function isSocialCreditCode(text: string): boolean {
  return canonicalCreditCode(text).ok;
}
