/** Texts and booleans: the values that at least `minimum` persons have, and how many have another one or none.
 *  @module */
import { isListable, MAX_PROFILE_VALUE_CHARS, SluiceError, type ColumnProfile } from "@sluice/protocol";
import { identifierKinds } from "../detect/identifier-kinds.ts";
import { quoteIdentifier } from "../transform/sql-text.ts";
import type { ColumnFacts } from "./column-facts.ts";
import type { RunSql } from "./person-rows.ts";
import { countOf, distinctBound, foldIntoLargest, PROFILE_BASE, roundPersons } from "./threshold.ts";

/** Least share of the persons with a value whose value is listed: of a free text only commonplaces would be. */
const MIN_LISTED_SHARE = 0.2;

/** Column of the table of values, quoted: the value. No field has such a name. */
export const LISTED_VALUE = '"listed value"';
/** Its place, from 0. */
export const LISTED_BIN = '"listed bin"';

/** A value and exactly how many persons have it. */
export interface CountedValue {
  readonly value: string;
  readonly persons: number;
}

/** The most frequent values of column `name`, at most `limit` of them, each with at least `minimum` persons; as a
 *  temporary table that binning reads, too. */
export async function countValues(
  run: RunSql,
  from: string,
  { name, table, minimum, limit }: { name: string; table: string; minimum: number; limit: number },
): Promise<CountedValue[]> {
  const rounded = `((persons + ${Math.floor(PROFILE_BASE / 2)}) // ${PROFILE_BASE})`;
  await run(
    `CREATE OR REPLACE TEMP TABLE ${quoteIdentifier(table)} AS
     SELECT value AS ${LISTED_VALUE}, persons AS "listed persons",
       row_number() OVER (ORDER BY ${rounded} DESC, value) - 1 AS ${LISTED_BIN}
     FROM (SELECT CAST(${quoteIdentifier(name)} AS VARCHAR) AS value, count(*) AS persons FROM ${from} GROUP BY 1)
     WHERE persons >= ${minimum} AND value <> '' AND length(value) <= ${MAX_PROFILE_VALUE_CHARS}
     QUALIFY ${LISTED_BIN} < ${limit}`,
  );
  const rows = await run(
    `SELECT ${LISTED_VALUE}, "listed persons" FROM ${quoteIdentifier(table)} ORDER BY ${LISTED_BIN}`,
  );
  return rows.map(([value, persons]) => {
    if (typeof value !== "string") throw new SluiceError("ERR_STORE", { reason: "a value is no text" });
    return { value, persons: countOf(persons) };
  });
}

/** What may be shown of them; null when the column is free text, or has values that name somebody. */
export function valuesProfile(
  field: string,
  counted: readonly CountedValue[],
  { filled, distinct }: Pick<ColumnFacts, "filled" | "distinct">,
  { persons, minimum }: { readonly persons: number; readonly minimum: number },
): Extract<ColumnProfile, { kind: "values" }> | null {
  const listed = counted.filter(({ value }) => isListable(value));
  const covered = listed.reduce((sum, { persons }) => sum + persons, 0);
  if (listed.length === 0 || covered < MIN_LISTED_SHARE * filled) return null;
  if (listed.some(({ value }) => identifierKinds(value).size > 0)) return null;
  const rests = { other: filled - covered, missing: persons - filled };
  const small = Object.values(rests).reduce((sum, rest) => sum + (rest < minimum ? rest : 0), 0);
  const shown = foldIntoLargest(
    listed.map(({ persons }) => persons),
    small,
  );
  return {
    kind: "values",
    field,
    values: listed.map(({ value }, i) => ({ value, persons: roundPersons(shown[i] ?? 0) })),
    ...(rests.other >= minimum ? { other: roundPersons(rests.other) } : {}),
    ...(rests.missing >= minimum ? { missing: roundPersons(rests.missing) } : {}),
    distinct: distinctBound(distinct),
  };
}
