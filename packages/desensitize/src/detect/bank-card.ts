/** Bank card numbers: 13 to 19 digits, an issuer's first digits, and a right check digit after ISO/IEC 7812-1 (Luhn). One of
 *  ten random numbers has a right check digit: without the issuer it says nothing.
 *  @module */
import { hasBankBin } from "./facts/bank-bins.ts";
import { normalForm } from "./normal-form.ts";

/** Whether the last of `digits` is their check digit after Luhn. False for anything but digits. */
export function hasLuhnDigit(digits: string): boolean {
  if (!/^[0-9]+$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Whether `text` is a bank card number, in one run or in groups set apart by single spaces or hyphens. */
export function isBankCard(text: string): boolean {
  const normal = normalForm(text);
  if (!/^[0-9]+(?:[ -][0-9]+)*$/.test(normal)) return false;
  const digits = normal.replaceAll(/[ -]/g, "");
  return digits.length >= 13 && digits.length <= 19 && hasBankBin(digits) && hasLuhnDigit(digits);
}
