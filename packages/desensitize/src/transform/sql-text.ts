/** Names, texts and numbers as they stand in SQL for DuckDB. Only declared metadata is ever written so: no value of data,
 *  no key.
 *  @module */

/** `name` as a quoted SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `text` as a quoted SQL string. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A double with exactly this value: a bare `0.1` would be a DECIMAL. */
export function doubleLiteral(number: number): string {
  return `CAST('${number}' AS DOUBLE)`;
}

/** `expression` as a double, or NULL where it is not a finite number. */
export function finiteSql(expression: string): string {
  const number = `TRY_CAST(${expression} AS DOUBLE)`;
  return `CASE WHEN isfinite(${number}) THEN ${number} END`;
}
