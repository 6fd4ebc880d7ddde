/** Values as a source table might store them, by stored type; ranges follow what description and policy say of the column.
 *  Nothing here was learned from data.
 *  @module */
import type { ColumnRule, ResourceField } from "@sluice/protocol";
import { isPseudonym } from "../policy/columns.ts";
import type { StoredValue } from "../transform/column.ts";
import { formattedNumber } from "./formatted-numbers.ts";
import { identifierMaker } from "./made-identifiers.ts";
import type { RowRng } from "./rng.ts";

/** Share of rows without a value, in every column that is no direct identifier. */
const NULL_SHARE = 0.02;
/** Levels of a text column, each a third as frequent as the one before: of 2000 rows the last has fewer than ten,
 *  and the guard lets no model name it. */
const LEVELS = 6;
const LEVEL_RATIO = 3;
/** Share of a column's movement that it has in common with the others. */
const COMMON = 0.6;
const OWN = Math.sqrt(1 - COMMON ** 2);
/** About a fifth of a boolean column is true. */
const TRUE_OFFSET = -1.6;
const TRUE_SLOPE = 1.2;
/** Range of a number that nothing bounds. */
const UNBOUNDED = { min: 0, max: 100 };
/** First day of a date column, and days it spans: 1950 to 2009. */
const FIRST_DAY_MS = Date.UTC(1950, 0, 1);
const DAYS = 21_914;
const DAY_MS = 86_400_000;

/** What a profile says of how long the texts are, if it says so. */
export type TextLength = { readonly from: number; readonly to: number } | undefined;

/** One stored value for each row of `pull`, the number by which rows hang together. */
export function madeValues(
  { field, rule, length }: { readonly field: ResourceField; readonly rule: ColumnRule; readonly length: TextLength },
  pull: Float64Array,
  rng: RowRng,
): StoredValue[] {
  const draw = generator(field, rule, length, rng);
  const nulls = field.role === "direct" ? 0 : NULL_SHARE;
  return Array.from(pull, (common) => {
    const missing = rng.uniform() < nulls;
    const value = draw(common);
    return missing ? null : value;
  });
}

function generator(
  field: ResourceField,
  rule: ColumnRule,
  length: TextLength,
  rng: RowRng,
): (common: number) => StoredValue {
  const { transform } = rule;
  // Columns pull in both directions.
  const sign = rng.uniform() < 0.5 ? -1 : 1;
  const date = (): string => new Date(FIRST_DAY_MS + rng.integer(DAYS) * DAY_MS).toISOString().slice(0, 10);
  if (transform.kind === "dateShift") return field.type === "integer" ? () => Number(date().replaceAll("-", "")) : date;
  const moved = (common: number): number => sign * COMMON * common + OWN * rng.normal();
  switch (field.type) {
    case "boolean":
      return (common) => rng.uniform() < 1 / (1 + Math.exp(-(TRUE_OFFSET + sign * TRUE_SLOPE * common)));
    case "date":
      return date;
    case "integer":
    case "decimal": {
      const { min, max } = rangeOf(field, rule);
      const number = (common: number): number => (min + max) / 2 + (moved(common) * (max - min)) / 5;
      if (field.type === "decimal") return (common) => Math.max(min, number(common));
      return (common) => Math.round(Math.max(min, number(common)));
    }
    case "text":
      return textGenerator(field, rule, length, rng);
  }
}

function textGenerator(field: ResourceField, rule: ColumnRule, length: TextLength, rng: RowRng): () => string {
  const { transform } = rule;
  if (transform.kind === "fpe") return () => formattedNumber(transform.format, rng);
  if (rule.role === "direct" || isPseudonym(rule)) {
    const make = identifierMaker(field, length);
    return () => make(rng);
  }
  const known = field.hierarchy?.kind === "tree" ? Object.keys(field.hierarchy.levels[0] ?? {}) : [];
  if (known.length > 0) return () => known[rng.integer(known.length)] ?? "";
  return () => level(field.name, shownLength(field, rule), rng);
}

/** First characters of a code that a policy shows, by which its levels differ; 0 where it is a word. */
function shownLength({ hierarchy }: ResourceField, { transform }: ColumnRule): number {
  if (transform.kind === "generalize") return transform.length;
  return transform.kind === "hierarchy" && hierarchy?.kind === "prefix" ? Math.min(...hierarchy.lengths) : 0;
}

function rangeOf({ hierarchy }: ResourceField, { transform }: ColumnRule): { min: number; max: number } {
  if (transform.kind === "bucket") return transform;
  return hierarchy?.kind === "intervals" ? hierarchy : UNBOUNDED;
}

/** One of a few levels, the first ones common: a code of which a policy shows the first `length` characters, or a word. */
function level(name: string, length: number, rng: RowRng): string {
  const number = 1 + Math.min(LEVELS - 1, Math.floor(-Math.log(1 - rng.uniform()) / Math.log(LEVEL_RATIO)));
  if (length === 0) return `${name}-${number}`;
  return `${String(number).padStart(length, "1")}${String(1 + rng.integer(9)).padStart(2, "0")}`;
}
