/** Values as a source table might store them, by stored type; ranges follow what the policy says of the column.
 *  Nothing here was learned from data.
 *  @module */
import { luhnDigit, residentIdCheckDigit, type StoredValue } from "@sluice/desensitize";
import type { ColumnRule, ResourceField, Transform } from "@sluice/protocol";
import type { createRng } from "@sluice/sandbox/kit";

type Rng = ReturnType<typeof createRng>;

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
/** Range of a number that no bucket bounds. */
const UNBOUNDED = { min: 0, max: 100 };
/** First day of a date column, and days it spans: 1950 to 2009. */
const FIRST_DAY_MS = Date.UTC(1950, 0, 1);
const DAYS = 21_914;
const DAY_MS = 86_400_000;

/** One stored value for each row of `pull`, the number by which rows hang together. */
export function storedValues(field: ResourceField, rule: ColumnRule, pull: Float64Array, rng: Rng): StoredValue[] {
  const draw = generator(field, rule, rng);
  const nulls = field.role === "direct" ? 0 : NULL_SHARE;
  return Array.from(pull, (common, row) => {
    const missing = rng.uniform() < nulls;
    const value = draw(common, row);
    return missing ? null : value;
  });
}

function generator(field: ResourceField, rule: ColumnRule, rng: Rng): (common: number, row: number) => StoredValue {
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
      const { min, max } = transform.kind === "bucket" ? transform : UNBOUNDED;
      const number = (common: number): number => (min + max) / 2 + (moved(common) * (max - min)) / 5;
      if (field.type === "decimal") return (common) => Math.max(min, number(common));
      return (common) => Math.round(Math.max(min, number(common)));
    }
    case "text":
      if (transform.kind === "fpe") return () => formatted(transform.format, rng);
      if (rule.role === "direct" || transform.kind === "token") return () => identifier(rng);
      return () => level(field.name, transform.kind === "generalize" ? transform.length : 0, rng);
  }
}

/** A valid number that is made up: what is not of the format would be shown as null. */
function formatted(format: Extract<Transform, { kind: "fpe" }>["format"], rng: Rng): string {
  const digits = (length: number): string => String(rng.integer(10 ** length)).padStart(length, "0");
  switch (format) {
    case "resident-id": {
      const day = new Date(FIRST_DAY_MS + rng.integer(DAYS) * DAY_MS).toISOString().slice(0, 10).replaceAll("-", "");
      const seventeen = `110101${day}${digits(3)}`;
      return seventeen + residentIdCheckDigit(seventeen);
    }
    case "mobile":
      return `138${digits(8)}`;
    case "bank-card": {
      const payload = `622202${digits(6)}${digits(6)}`;
      return payload + luhnDigit(payload);
    }
    case "digits":
      return identifier(rng);
  }
}

/** Digits that name one row; about one in a hundred of some thousand rows comes twice. */
function identifier(rng: Rng): string {
  return `${1 + rng.integer(9)}${String(rng.integer(200_000)).padStart(10, "0")}`;
}

/** One of a few levels, the first ones common: a code of which a policy shows the first `length` characters, or a word. */
function level(name: string, length: number, rng: Rng): string {
  const number = 1 + Math.min(LEVELS - 1, Math.floor(-Math.log(1 - rng.uniform()) / Math.log(LEVEL_RATIO)));
  if (length === 0) return `${name}-${number}`;
  return `${String(number).padStart(length, "1")}${String(1 + rng.integer(9)).padStart(2, "0")}`;
}
