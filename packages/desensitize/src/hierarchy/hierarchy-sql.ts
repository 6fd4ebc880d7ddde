/** A level of a hierarchy as one SQL expression for DuckDB, equal to `generalizeValue` row by row. No expression can fail on
 *  a value. A tree is written into the statement: it is declared metadata, not data.
 *  @module */
import { ANY_VALUE, topLevel, type ColumnType, type Hierarchy } from "@sluice/protocol";
import { generalizeValue, widthRatio } from "./generalize.ts";

/** Values up to which a tree is a chain of comparisons. A longer chain would cost each row as many comparisons; a cast to
 *  an enumeration looks the value up by its hash. */
const MAX_COMPARED_VALUES = 12;

/** Type of the column that `hierarchySql` yields at a level above 0; `null` at level 0, where the stored value stays. */
export function hierarchyType(hierarchy: Hierarchy, level: number): ColumnType | null {
  if (level === 0) return null;
  return hierarchy.kind === "intervals" && level < topLevel(hierarchy) ? "f64" : "dict";
}

/** The stored value `expression` at `level`; at level 0 `expression` itself.
 *  @throws RangeError when the hierarchy has no such level. */
export function hierarchySql(hierarchy: Hierarchy, level: number, expression: string): string {
  const top = topLevel(hierarchy);
  if (!Number.isInteger(level) || level < 0 || level > top) throw new RangeError(`expected a level from 0 to ${top}`);
  if (level === 0) return expression;
  if (level === top) return quoteText(ANY_VALUE);
  switch (hierarchy.kind) {
    case "intervals":
      return intervalSql(hierarchy, level - 1, expression);
    case "prefix":
      return `left(CAST(${expression} AS VARCHAR), ${hierarchy.lengths[level - 1]})`;
    case "date":
      return periodSql(hierarchy.units[level - 1] ?? "decade", expression);
    case "tree":
      return treeSql(hierarchy, level, expression);
  }
}

/** Values of `expression` that are present and that the hierarchy does not know, as a condition. */
export function outsideSql(hierarchy: Hierarchy, expression: string): string {
  if (hierarchy.kind === "intervals" || hierarchy.kind === "prefix") return "false";
  return `coalesce(${hierarchySql(hierarchy, 1, expression)} = ${quoteText(ANY_VALUE)}, false)`;
}

function intervalSql(
  { min, max, widths }: Extract<Hierarchy, { kind: "intervals" }>,
  step: number,
  expression: string,
): string {
  const number = `TRY_CAST(${expression} AS DOUBLE)`;
  const [low, high] = [numberLiteral(min), numberLiteral(max)];
  const index = `floor((least(greatest(${number}, ${low}), ${high}) - ${low}) / ${numberLiteral(widths[0] ?? 1)})`;
  const coarse = step === 0 ? index : `floor(${index} / ${numberLiteral(widthRatio(widths, step))})`;
  // least and greatest skip nulls, so that a null would become a bound.
  return `CASE WHEN isfinite(${number}) THEN ${low} + ${coarse} * ${numberLiteral(widths[step] ?? 1)} END`;
}

function periodSql(unit: Extract<Hierarchy, { kind: "date" }>["units"][number], expression: string): string {
  const text = `CAST(TRY_CAST(${expression} AS DATE) AS VARCHAR)`;
  const known = `regexp_full_match(${text}, '[0-9]{4}-[0-9]{2}-[0-9]{2}')`;
  return `CASE WHEN ${known} THEN ${UNIT_SQL[unit](text)} WHEN ${text} IS NOT NULL THEN ${quoteText(ANY_VALUE)} END`;
}

const UNIT_SQL = {
  month: (text: string) => `left(${text}, 7)`,
  quarter: (text: string) => `left(${text}, 4) || '-Q' || ((TRY_CAST(substr(${text}, 6, 2) AS INTEGER) + 2) // 3)`,
  year: (text: string) => `left(${text}, 4)`,
  decade: (text: string) => `left(${text}, 3) || '0s'`,
} as const;

function treeSql(hierarchy: Extract<Hierarchy, { kind: "tree" }>, level: number, expression: string): string {
  const text = `CAST(${expression} AS VARCHAR)`;
  const values = Object.keys(hierarchy.levels[0] ?? {});
  const groups = values.map((value) => quoteText(String(generalizeValue(hierarchy, level, value))));
  const quoted = values.map(quoteText);
  if (values.length <= MAX_COMPARED_VALUES) {
    const cases = quoted.map((value, i) => `WHEN ${text} = ${value} THEN ${groups[i]}`).join(" ");
    return `CASE WHEN ${text} IS NULL THEN NULL ${cases} ELSE ${quoteText(ANY_VALUE)} END`;
  }
  const code = `CAST(enum_code(TRY_CAST(${text} AS ENUM(${quoted.join(", ")}))) AS INTEGER)`;
  return `CASE WHEN ${text} IS NOT NULL THEN coalesce([${groups.join(", ")}][${code} + 1], ${quoteText(ANY_VALUE)}) END`;
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A double with exactly this value: a bare `0.1` would be a DECIMAL. */
function numberLiteral(number: number): string {
  return `CAST('${number}' AS DOUBLE)`;
}
