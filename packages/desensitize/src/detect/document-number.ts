/** Numbers of documents without a check character. A pattern alone fits orders and serial numbers as well: the column's name must
 *  say what they are, see `column-hints`.
 *  @module */
import { normalForm } from "@sluice/protocol";

/** Documents that are known by pattern and name. */
export type DocumentKind =
  | "passport"
  | "hong-kong-macau-permit"
  | "taiwan-permit"
  | "military-id"
  | "medical-record"
  | "insurance-number";

const PATTERNS: Readonly<Record<DocumentKind, RegExp>> = {
  passport: /^(?:[EDSPGH][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|1[45][0-9]{7})$/,
  "hong-kong-macau-permit": /^(?:[HMC][0-9]{8}(?:[0-9]{2})?|C[A-HJ-NP-Z][0-9]{7}|W[0-9]{8})$/,
  "taiwan-permit": /^(?:[0-9]{8}|[0-9]{10}(?:\([A-Z0-9]\)|[A-Z])?|[LT][0-9]{8})$/,
  "military-id": /^(?:[\u4e00-\u9fff]{1,4}字?第?[0-9A-Z-]{4,12}号?|[0-9]{7,8})$/u,
  "medical-record": /^[A-Z]{0,4}-?[0-9]{4,16}(?:-[0-9]{1,4})?$/,
  "insurance-number": /^[A-Z]{0,2}[0-9]{8,20}[0-9X]?$/,
};

/** Whether `text` has the form of a number of this document. */
export function isDocumentNumber(kind: DocumentKind, text: string): boolean {
  return PATTERNS[kind].test(normalForm(text).toUpperCase());
}
