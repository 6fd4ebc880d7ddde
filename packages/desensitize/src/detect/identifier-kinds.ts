/** Kinds of identifier inside a text of any length: numbers with a check character, and forms that nothing else has.
 *  @module */
import { bankCardDigits } from "./bank-card.ts";
import { hasBankBin } from "./facts/bank-bins.ts";
import { isMobileNumber, isResidentId, isSocialCreditCode, plainForm } from "@sluice/protocol";
import { isEmail, isMacAddress } from "./network-address.ts";
import { isPlate } from "./plate.ts";

/** What a value was found to be. */
export type IdentifierKind =
  | "resident-id"
  | "resident-id-15"
  | "social-credit-code"
  | "mobile-number"
  | "landline"
  | "bank-card"
  | "e-mail"
  | "ip-address"
  | "mac-address"
  | "plate"
  | "coordinates"
  | "person-name"
  | "address";

// Runs that could be an identifier, not glued to further letters or digits. Every part has an end, so that no text costs more
// than a fixed number of steps for each of its characters.
const NUMBERS = /(?<![0-9A-Z])(?:[0-9A-Z]{18}|(?:\+?86[\s-]?)?1[3-9][0-9](?:[\s-]?[0-9]{4}){2})(?![0-9A-Z])/g;
// Identity numbers in groups of as many characters. What is looked ahead at may begin inside what was looked at before.
const ID_GROUPS = [
  "6 8 4",
  "6 4 4 4",
  "6 4 2 2 4",
  "6 8 3 1",
  "6 6 6",
  "6 12",
  "14 4",
  "17 1",
  "4 4 4 4 2",
  "3 3 3 3 3 3",
];
const GROUPED_IDS = new RegExp(
  `(?<![0-9A-Z])(?=(${ID_GROUPS.map((groups) =>
    groups
      .split(" ")
      .map((length, i, all) => (i < all.length - 1 ? `[0-9]{${length}}` : `[0-9]{${Number(length) - 1}}[0-9X]`))
      .join("[\\s-]{1,2}"),
  ).join("|")})(?![0-9A-Z]))`,
  "g",
);
const CARDS = /(?<![0-9A-Z.])(?=([0-9]{13,19}|[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?)(?![0-9A-Z]))/g;
const EMAILS = /(?<![A-Z0-9._%+'-])[A-Z0-9._%+'-]{1,64}@[A-Z0-9.-]{1,180}[A-Z]/g;
const MACS = /(?<![0-9A-F:-])[0-9A-F]{2}(?:[:-][0-9A-F]{2}){5}(?![0-9A-F:-])/g;
const PLATES =
  /[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-Z][·•\s-]?[A-HJ-NP-Z0-9]{4,6}[学警挂港澳]?(?![A-Z0-9])/gu;

/** Kinds of identifier inside `text`. */
export function identifierKinds(text: string): Set<IdentifierKind> {
  const kinds = new Set<IdentifierKind>();
  const normal = plainForm(text).toUpperCase();
  for (const [candidate] of normal.matchAll(NUMBERS)) {
    if (isResidentId(candidate)) kinds.add("resident-id");
    else if (isSocialCreditCode(candidate)) kinds.add("social-credit-code");
    else if (isMobileNumber(candidate)) kinds.add("mobile-number");
  }
  if (isResidentId(text) || found(normal, GROUPED_IDS, isResidentId)) kinds.add("resident-id");
  if (isSocialCreditCode(text)) kinds.add("social-credit-code");
  if (normal.includes("@") && found(normal, EMAILS, isEmail)) kinds.add("e-mail");
  if (found(normal, MACS, isMacAddress)) kinds.add("mac-address");
  if (found(normal, PLATES, isPlate)) kinds.add("plate");
  return kinds;
}

/** Numbers inside `text` that may be a bank card's by length and issuer, and those of them with a right check digit. */
export function cardNumbers(text: string): { readonly shaped: number; readonly found: number } {
  const counts = { shaped: 0, found: 0 };
  for (const [, candidate = ""] of plainForm(text).toUpperCase().matchAll(CARDS)) {
    if (!hasBankBin(candidate.replaceAll(/[ -]/g, ""))) continue;
    counts.shaped++;
    if (bankCardDigits(candidate) !== null) counts.found++;
  }
  return counts;
}

/** Whether `text` is nothing but digits, and not as many as have a check character: telephones among such values are judged by
 *  their share, since one of fourteen random runs of eleven digits looks like one. */
export function isDigitRun(text: string): boolean {
  return text.length !== 18 && /^[0-9]+$/.test(text);
}

function found(text: string, candidates: RegExp, detect: (candidate: string) => boolean): boolean {
  for (const [whole, ahead] of text.matchAll(candidates)) if (detect(ahead ?? whole)) return true;
  return false;
}
