/** Reading of input: everything is parsed before anything is computed, and what does not fit is refused by the name of its line.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";

/** Most lines of one kind in a file. */
export const MAX_LINES = 100_000;

/** Money in yuan, not negative, with at most two places: `1234.50`. */
export const YuanText = z.string().regex(/^(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,2})?$/, "yuan with at most two places");
/** A number that is not negative: quantities and prices. */
export const QuantityText = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,6})?$/, "a number of zero or more, with at most six places");
/** Price of one unit in yuan, not negative. A row·field·day costs millionths of a fen, so a price has as many places as a number can. */
export const PriceText = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,12})?$/, "a price of zero or more, with at most twelve places");
/** Per cent, from 0 with at most six places. */
export const PercentText = z.string().regex(/^(?:0|[1-9][0-9]{0,3})(?:\.[0-9]{1,6})?$/, "per cent, zero or more");
/** A number of things, whole: at most 15 digits. */
export const CountText = z.string().regex(/^(?:0|[1-9][0-9]{0,14})$/, "a whole number of zero or more");
/** A calendar year of this century: `2026`. */
export const Year = z.string().regex(/^20[0-9]{2}$/, "a year as 2026");
/** A calendar day: `2026-11-30`. */
export const Day = z.iso.date();
/** A calendar month of this century: `2026-11`. */
export const Month = z.string().regex(/^20[0-9]{2}-(?:0[1-9]|1[0-2])$/, "a month as 2026-11");
/** Name of a line, a product, a party: lower case letters, digits, `-`, `.` and `_`. */
export const LineId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "a name of lower case letters, digits, - . and _");
/** Number of a document that proves a line: an invoice, a contract, a filing. */
export const EvidenceId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, "the number of a document: letters, digits, - . _ : and /");
/** Words for people, on one line: nothing in them can start a line of a statement, move a cursor or turn the direction of writing. */
export const Text = z
  .string()
  .min(1)
  .max(300)
  .regex(
    /^[^\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/u,
    "words on one line, without control characters and marks of direction",
  );

/** Words for people, in both languages. */
export const Words = z.strictObject({ zh: Text, en: Text });

/** Parses `value`.
 *  @throws ERR_SETTLEMENT_INPUT naming the first line that does not fit, by its place and, where it has one, its `id`. */
export function readInput<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path ?? [];
  throw new SluiceError("ERR_SETTLEMENT_INPUT", {
    line: `${what}${lineName(value, path)}`,
    expected: issue?.message ?? "another shape",
  });
}

/** `/costs/3 (rent-2026)/amount`: the way to a member, with the names of lines beside their places. */
function lineName(value: unknown, path: readonly PropertyKey[]): string {
  let at: unknown = value;
  let name = "";
  for (const step of path) {
    name += `/${String(step)}`;
    at = typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[step] : undefined;
    const id = typeof at === "object" && at !== null ? (at as { id?: unknown }).id : undefined;
    if (typeof id === "string" && LineId.safeParse(id).success) name += ` (${id})`;
  }
  return name;
}
