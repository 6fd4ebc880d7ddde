/** Quality rules row by row in JavaScript: what their SQL has to agree with.
 *  @module */
import { isMobileNumber, isResidentId, isSocialCreditCode, type QualityRule } from "@sluice/protocol";
import { isBankCard, isDateText, isEmail, isIpAddress, isLandline, isMacAddress, isPlate } from "../src/index.ts";

/** A stored value: dates as texts YYYY-MM-DD. */
export type PlainValue = string | number | boolean | null;
/** A row by column. */
export type PlainRow = Readonly<Record<string, PlainValue>>;

const FORMS = {
  "resident-id": isResidentId,
  "social-credit-code": isSocialCreditCode,
  "bank-card": isBankCard,
  "mobile-number": isMobileNumber,
  landline: (text: string) => isLandline(text),
  "e-mail": isEmail,
  "ip-address": isIpAddress,
  "mac-address": isMacAddress,
  plate: isPlate,
  date: isDateText,
} as const;

/** Rows that pass `rule` and rows that it judges. `others` are columns of other tables. Not for timeliness. */
export function plainShare(
  rule: QualityRule,
  rows: readonly PlainRow[],
  others: Readonly<Record<string, readonly PlainValue[]>> = {},
): { passed: number; judged: number } {
  if (rule.type === "consistency" && rule.check === "unique") {
    const keys = rows.map((row) => rule.fields.map((field) => row[field] ?? null)).filter((key) => !key.includes(null));
    return { judged: keys.length, passed: new Set(keys.map((key) => JSON.stringify(key.map(keyed)))).size };
  }
  if (rule.type === "accuracy" && rule.check === "rows") {
    return { judged: Math.max(rows.length, rule.expected), passed: Math.min(rows.length, rule.expected) };
  }
  const verdicts = rows.map((row) => verdictOf(rule, row, others)).filter((verdict) => verdict !== null);
  return { judged: verdicts.length, passed: verdicts.filter(Boolean).length };
}

/** Zeros are equal, and so are numbers that are none. */
const keyed = (value: PlainValue): string => (value === 0 ? "0" : `${typeof value} ${String(value)}`);
const isMissing = (value: PlainValue): boolean =>
  value === null || (typeof value === "number" && !Number.isFinite(value));
const trimmed = (text: string): string => text.replaceAll(/^[\p{Z}\p{Cc}\p{Cf}]+|[\p{Z}\p{Cc}\p{Cf}]+$/gu, "");

function verdictOf(
  rule: QualityRule,
  row: PlainRow,
  others: Readonly<Record<string, readonly PlainValue[]>>,
): boolean | null {
  const value = "field" in rule ? (row[rule.field] ?? null) : null;
  const second = "with" in rule ? (row[rule.with] ?? null) : null;
  if (rule.type === "completeness") {
    if (isMissing(value)) return false;
    if (typeof value === "number" && !Number.isInteger(value))
      return rule.missing?.map(Number).includes(value) !== true;
    const text = trimmed(String(value));
    return text !== "" && rule.missing?.includes(text) !== true;
  }
  if (value === null || rule.type === "timeliness") return null;
  switch (rule.check) {
    case "form":
      return FORMS[rule.form](String(value));
    case "range":
      if (isMissing(value)) return false;
      return (rule.min === undefined || value >= rule.min) && (rule.max === undefined || value <= rule.max);
    case "values":
      return rule.values.includes(String(value));
    case "compare":
      if (second === null) return null;
      if (isMissing(value) || isMissing(second)) return false;
      return rule.comparison === "=" ? value === second : rule.comparison === "<" ? value < second : value <= second;
    case "birth-date":
      if (second === null) return null;
      return (
        isResidentId(String(value)) && withoutGroups(String(value)).slice(6, 14) === String(second).replaceAll("-", "")
      );
    case "check-digit": {
      const text = withoutGroups(String(value)).toUpperCase();
      if (FORMS[rule.form](String(value))) return true;
      if (rule.form === "bank-card") return /^[0-9]{13,19}$/.test(text) ? false : null;
      return (rule.form === "resident-id" ? /^[0-9]{17}[0-9X]$/ : /^[0-9A-Z]{18}$/).test(text) ? false : null;
    }
    case "member":
      return (others[`${rule.of.resource}.${rule.of.field}`] ?? []).some((one) => one === value);
    case "unique":
    case "rows":
      return null;
  }
}

function withoutGroups(text: string): string {
  return text.normalize("NFKC").split(/[\s-]/u).join("");
}
