/** Whose row, or which row, a keyed choice is made for: the same person, or the same row, always gets the same.
 *  @module */
import type { RowColumns, ValueContext } from "./column.ts";
import { quoteIdentifier } from "./sql-text.ts";

/** What a shift or a noise hangs on: the person of the row, or the row where it has none. @throws RangeError without either. */
export function originOf({ subject, row }: Pick<ValueContext, "subject" | "row">): string {
  if (subject !== undefined && subject !== null) return `s${subject}`;
  if (row === undefined) throw new RangeError("expected the person of the row, or its number");
  return `r${row}`;
}

/** The same in SQL. @throws RangeError when the table has neither column. */
export function originSql({ subject, rowId }: RowColumns): string {
  const forms = [
    ...(subject === undefined ? [] : [`'s' || CAST(${quoteIdentifier(subject)} AS VARCHAR)`]),
    ...(rowId === undefined ? [] : [`'r' || CAST(${quoteIdentifier(rowId)} AS VARCHAR)`]),
  ];
  if (forms.length === 0) throw new RangeError("expected a column that tells persons or rows apart");
  return forms.length === 1 ? `(${forms[0]})` : `coalesce(${forms.join(", ")})`;
}
