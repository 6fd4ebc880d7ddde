/** From columns to what a table or a set is made of: one group code per row, one number per row, one flag per row. Rows
 *  without a value are in no group, have no number and are no members.
 *  @module */
import type { Column } from "@sluice/protocol";
import { present } from "./features.ts";

/** Code of a row that is in no group, in every dimension of a table. */
export const NO_LEVEL = 255;

/** A column, or plain numbers of which NaN is no value. */
export type KitValues = Readonly<Column> | ArrayLike<number>;

/** Groups numbers by ascending `breaks`: code 0 below the first, code k from the k-th on; n breaks make n + 1 groups, and
 *  a value that equals a break is in the group above it. Rows without a value get NO_LEVEL.
 *  @throws RangeError when the breaks do not ascend, or are 255 or more */
export function groupByBreaks(values: KitValues, breaks: readonly number[]): Uint8Array {
  if (breaks.length >= NO_LEVEL || breaks.some((bound, i) => !(bound > (breaks[i - 1] ?? -Infinity)))) {
    throw new RangeError("breaks must ascend, and be fewer than 255");
  }
  const numbers = numbersOf(values);
  const codes = new Uint8Array(numbers.length).fill(NO_LEVEL);
  for (let row = 0; row < codes.length; row++) {
    const value = numbers[row] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    let code = 0;
    while (code < breaks.length && value >= (breaks[code] ?? Infinity)) code++;
    codes[row] = code;
  }
  return codes;
}

/** Groups the rows of a dictionary column: `mapping` gives the code of each text, as a record or a function. Texts that it
 *  does not name, and rows without a value, get NO_LEVEL.
 *  @throws RangeError when the column is no dictionary column, or a code is not a whole number of 0 to 255 */
export function groupByCode(
  column: Readonly<Column>,
  mapping: Readonly<Record<string, number>> | ((text: string) => number | undefined),
): Uint8Array {
  if (column.type !== "dict") throw new RangeError("only a dict column has texts to group by");
  const codeOf = (text: string): number =>
    (typeof mapping === "function" ? mapping(text) : Object.hasOwn(mapping, text) ? mapping[text] : undefined) ??
    NO_LEVEL;
  const codeByEntry = column.dictionary.map((text) => {
    const code = codeOf(text);
    if (!Number.isInteger(code) || code < 0 || code > NO_LEVEL) throw new RangeError("codes are 0 to 255");
    return code;
  });
  return Uint8Array.from(column.values, (entry, row) =>
    present(column, row) ? (codeByEntry[entry] ?? NO_LEVEL) : NO_LEVEL,
  );
}

/** The numbers of a column, NaN where a row has none: what a measure of a table is. */
export function numbersOf(values: KitValues): Float64Array {
  if (!isColumn(values)) return Float64Array.from(values);
  if (values.type === "dict") throw new RangeError("a dict column has no numbers");
  const numbers = Float64Array.from(values.values);
  if (values.validity === undefined) return numbers;
  for (let row = 0; row < numbers.length; row++) if (!present(values, row)) numbers[row] = Number.NaN;
  return numbers;
}

/** 1 for each row that `isMember` accepts, else 0: what a set is. */
export function memberFlags(rows: { readonly rowCount: number }, isMember: (row: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: rows.rowCount }, (_, row) => (isMember(row) ? 1 : 0));
}

/** Whether `values` is a column, not plain numbers. */
export function isColumn(values: KitValues): values is Readonly<Column> {
  return "type" in values;
}
