/** The second look at a table that is about to leave: do values still name somebody, whatever the policy said?
 *  @module */
import { isValid, type Column, type ColumnBatch } from "@sluice/protocol";
import { isMobileNumber } from "./mobile-number.ts";
import { isResidentId } from "./resident-id.ts";
import { isSocialCreditCode } from "./social-credit-code.ts";

/** What a value was found to be. */
export type IdentifierKind = "resident-id" | "social-credit-code" | "mobile-number";

/** A column that still identifies. It names the column, never a value. */
export interface ResidualIdentifier {
  readonly column: string;
  readonly kind: IdentifierKind;
}

/** Share of a numeric column's rows that must look like mobile numbers: amounts of eleven digits do now and then. */
export const NUMERIC_MOBILE_SHARE = 0.5;

// Runs that could be an identifier, not glued to further letters or digits.
const CANDIDATES = /(?<![0-9A-Z])(?:[0-9A-Z]{18}|(?:\+?86[\s-]?)?1[3-9][0-9](?:[\s-]?[0-9]{4}){2})(?![0-9A-Z])/g;

/** Columns of `batch` in which a text holds an identity number, a social credit code or a mobile number, also inside
 *  longer text, or whose numbers are mostly mobile numbers. Sorted by column, then kind. */
export function findResidualIdentifiers(batch: ColumnBatch): ResidualIdentifier[] {
  return Object.entries(batch.columns)
    .flatMap(([column, data]) => [...kindsOf(data, batch.rowCount)].sort().map((kind) => ({ column, kind })))
    .sort((a, b) => (a.column < b.column ? -1 : Number(a.column > b.column)));
}

/** Kinds of identifier inside `text`. */
export function identifierKinds(text: string): Set<IdentifierKind> {
  const kinds = new Set<IdentifierKind>();
  for (const [candidate] of text.normalize("NFKC").toUpperCase().matchAll(CANDIDATES)) {
    if (isResidentId(candidate)) kinds.add("resident-id");
    else if (isSocialCreditCode(candidate)) kinds.add("social-credit-code");
    else if (isMobileNumber(candidate)) kinds.add("mobile-number");
  }
  return kinds;
}

function kindsOf(column: Column, rowCount: number): Set<IdentifierKind> {
  switch (column.type) {
    case "dict":
      // Every entry of the dictionary leaves with the batch, used or not.
      return new Set(column.dictionary.flatMap((text) => [...identifierKinds(text)]));
    case "f64": {
      let valid = 0;
      let mobile = 0;
      for (let row = 0; row < rowCount; row++) {
        if (!isValid(column, row)) continue;
        valid++;
        const value = column.values[row] ?? 0;
        if (Number.isInteger(value) && value >= 1.3e10 && value < 2e10) mobile++;
      }
      return new Set(mobile > 0 && mobile >= NUMERIC_MOBILE_SHARE * valid ? ["mobile-number" as const] : []);
    }
    case "i32":
    case "bool":
      return new Set();
  }
}
