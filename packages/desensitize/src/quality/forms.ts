/** Forms of values as quality rules know them, and the functions by which an engine asks.
 *  @module */
import { bareForm, isMobileNumber, isResidentId, isSocialCreditCode, type QualityForm } from "@sluice/protocol";
import { isBankCard } from "../detect/bank-card.ts";
import { isDateText } from "../detect/date-text.ts";
import { isLandline } from "../detect/landline.ts";
import { isEmail, isIpAddress, isMacAddress } from "../detect/network-address.ts";
import { isPlate } from "../detect/plate.ts";
import type { VectorColumn, VectorFunction } from "../vector-function.ts";

/** A value that is not of the form. */
const FORM_NONE = 0;
/** A value of the length and characters of the form, and no more. */
export const FORM_SHAPE = 1;
/** A value that is right in every part. */
export const FORM_RIGHT = 2;

interface Form {
  readonly right: (text: string) => boolean;
  /** Length and characters without spaces and hyphens; of forms with a check character only. */
  readonly shape?: RegExp;
}

const FORMS: Readonly<Record<QualityForm, Form>> = {
  "resident-id": { right: isResidentId, shape: /^[0-9]{17}[0-9X]$/ },
  "social-credit-code": { right: isSocialCreditCode, shape: /^[0-9A-Z]{18}$/ },
  "bank-card": { right: isBankCard, shape: /^[0-9]{13,19}$/ },
  "mobile-number": { right: isMobileNumber },
  landline: { right: isLandline },
  "e-mail": { right: isEmail },
  "ip-address": { right: isIpAddress },
  "mac-address": { right: isMacAddress },
  plate: { right: isPlate },
  date: { right: isDateText },
};

/** How `text` stands to `form`. */
export function formOfText(form: QualityForm, text: string): number {
  const { right, shape } = FORMS[form];
  if (right(text)) return FORM_RIGHT;
  return shape?.test(bareForm(text).toUpperCase()) === true ? FORM_SHAPE : FORM_NONE;
}

/** Name of the function that tells an engine how a text stands to `form`; null for null. */
export function formFunction(form: QualityForm): string {
  return `sluice_form_${form.replaceAll("-", "_")}`;
}

/** Function that gives an engine the birth date of an identity number as YYYYMMDD; null for anything else. */
export const BIRTH_DATE_FUNCTION = "sluice_birth_date";

/** Birth date of an identity number as YYYYMMDD; null when `text` is none. */
export function birthDateOf(text: string): string | null {
  return isResidentId(text) ? bareForm(text).slice(6, 14) : null;
}

const BIRTH_DATE: VectorFunction = {
  name: BIRTH_DATE_FUNCTION,
  parameters: ["text"],
  returns: "text",
  apply: ([column], length) => ({
    type: "text",
    values: Array.from({ length }, (_, i) => {
      const text = textAt(column, i);
      return text === null ? null : birthDateOf(text);
    }),
  }),
};

/** Every function that the SQL of quality rules may call. */
export const QUALITY_FUNCTIONS: readonly VectorFunction[] = [
  BIRTH_DATE,
  ...(Object.keys(FORMS) as QualityForm[]).map((form): VectorFunction => ({
    name: formFunction(form),
    parameters: ["text"],
    returns: "double",
    apply: ([column], length) => {
      const values = new Float64Array(length);
      const valid = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        const text = textAt(column, i);
        if (text === null) continue;
        valid[i] = 1;
        values[i] = formOfText(form, text);
      }
      return { type: "double", values, valid };
    },
  })),
];

function textAt(column: VectorColumn | undefined, row: number): string | null {
  return column?.type === "text" ? (column.values[row] ?? null) : null;
}
