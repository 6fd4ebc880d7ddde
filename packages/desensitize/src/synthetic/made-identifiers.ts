/** Identifiers that name nobody, in the form that a column's name, title and length suggest. A check of the form passes;
 *  division 99 is none of GB/T 2260, no mobile number of the MIIT plan begins with 100, and 某 is nobody's name.
 *  @module */
import {
  dateText,
  dayNumber,
  residentIdCheckDigit,
  socialCreditCheckCharacter,
  type ResourceField,
} from "@sluice/protocol";
import { columnHints } from "../classify/column-hints.ts";
import { SURNAMES } from "../transform/fake-words.ts";
import type { RowRng } from "./rng.ts";

/** Different identifiers of one column: of some thousand rows about one in a hundred comes twice. */
const IDENTIFIERS = 200_000;
const RESIDENT_ID_LENGTH = 18;
const DEFAULT_LENGTH = 11;
const MAX_LENGTH = 64;
/** Birth dates: 1950 to 2009. */
const FIRST_BIRTH = dayNumber(1950, 1, 1) ?? 0;
const BIRTH_DAYS = 21_914;

/** Makes identifiers for `field`; `length` is what a profile says of its texts. */
export function identifierMaker(
  field: ResourceField,
  length: { readonly from: number; readonly to: number } | undefined,
): (rng: RowRng) => string {
  const hints = columnHints(field.name, field.title);
  const fixed = length !== undefined && length.from === length.to ? length.from : undefined;
  const creditCode = /uscc|credit_?code|信用代码/iu.test(`${field.name} ${field.title}`);
  if (creditCode) return (rng) => creditCodeOf(rng.integer(IDENTIFIERS));
  if (
    hints.has("identity-number") ||
    /resident_?(?:id|no)|citizen/iu.test(field.name) ||
    fixed === RESIDENT_ID_LENGTH
  ) {
    return (rng) => residentIdOf(rng.integer(IDENTIFIERS));
  }
  if (hints.has("telephone")) return (rng) => `100${digits(rng.integer(IDENTIFIERS), 8)}`;
  if (hints.has("person-name")) return (rng) => `${SURNAMES[rng.integer(SURNAMES.length)] ?? ""}某`;
  const from = Math.min(MAX_LENGTH, Math.max(1, length?.from ?? DEFAULT_LENGTH));
  const to = Math.min(MAX_LENGTH, Math.max(from, length?.to ?? from));
  return (rng) => {
    const serial = rng.integer(IDENTIFIERS);
    const size = from + (serial % (to - from + 1));
    return `${1 + (serial % 9)}${digits(serial, size - 1)}`.slice(0, size);
  };
}

function residentIdOf(serial: number): string {
  const birth = dateText(FIRST_BIRTH + (serial % BIRTH_DAYS)).replaceAll("-", "");
  const body = `99${digits(serial % 90, 2)}01${birth}${digits(Math.floor(serial / BIRTH_DAYS), 3)}`;
  return `${body}${residentIdCheckDigit(body)}`;
}

function creditCodeOf(serial: number): string {
  const body = `91990000MA${digits(serial, 7)}`;
  return `${body}${socialCreditCheckCharacter(body)}`;
}

function digits(number: number, count: number): string {
  return String(number).padStart(count, "0");
}
