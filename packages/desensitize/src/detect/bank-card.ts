/** Bank card numbers: 13 to 19 digits, an issuer's first digits, and a right check digit after ISO/IEC 7812-1 (Luhn). One of
 *  ten random numbers has a right check digit: without the issuer it says nothing.
 *  @module */
import { hasBankBin } from "./facts/bank-bins.ts";
import { normalForm } from "@sluice/protocol";

/** Check digit after Luhn of the digits before it. */
export function luhnDigit(payload: string): string {
  let sum = 0;
  for (let i = 0; i < payload.length; i++) {
    const digit = Number(payload[payload.length - 1 - i]);
    const doubled = i % 2 === 0 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return String((10 - (sum % 10)) % 10);
}

/** Whether the last of `digits` is their check digit after Luhn. False for anything but digits. */
export function hasLuhnDigit(digits: string): boolean {
  return /^[0-9]+$/.test(digits) && luhnDigit(digits.slice(0, -1)) === digits.at(-1);
}

/** The digits of `text` when it is a bank card number, in one run or in groups set apart by single spaces or hyphens. */
export function bankCardDigits(text: string): string | null {
  const normal = normalForm(text);
  if (!/^[0-9]+(?:[ -][0-9]+)*$/.test(normal)) return null;
  const digits = normal.replaceAll(/[ -]/g, "");
  return digits.length >= 13 && digits.length <= 19 && hasBankBin(digits) && hasLuhnDigit(digits) ? digits : null;
}

/** Whether `text` is a bank card number, in one run or in groups set apart by single spaces or hyphens. */
export function isBankCard(text: string): boolean {
  return bankCardDigits(text) !== null;
}
