/** One row of each person: of several, the one that a fixed mixing of row numbers puts first. So every count of rows is one
 *  of persons, sums agree, and one person more changes each figure by one at most.
 *  @module */
import { quoteIdentifier } from "../transform/sql-text.ts";
import { countOf } from "./threshold.ts";

/** Runs one statement on the engine that holds the table. */
export type RunSql = (sql: string) => Promise<readonly (readonly unknown[])[]>;

/** A table as the engine has it. */
export interface ProfileSource {
  /** Name of a table or view with the resource's fields. */
  readonly table: string;
  /** Its column of distinct row numbers, from 0 and below 2^31. */
  readonly rowId: string;
}

const ROWS = '"profile rows"';
const VIEW = '"profile persons"';

/** Makes what profiles count, as quoted SQL, and counts the persons in it. Rows of nobody are left out. */
export async function personRows(
  run: RunSql,
  { table, rowId }: ProfileSource,
  subject: string | undefined,
): Promise<{ readonly from: string; readonly persons: number }> {
  const from = quoteIdentifier(table);
  if (subject === undefined) {
    const [[rows] = []] = await run(`SELECT count(*) FROM ${from}`);
    return { from, persons: countOf(rows) };
  }
  const person = quoteIdentifier(subject);
  const [[rows, distinct] = []] = await run(`SELECT count(*), count(DISTINCT hash(${person})) FROM ${from}`);
  // A null is hashed as well, and then not alone: it is counted where nulls are, below.
  const [[filled] = []] = await run(`SELECT count(${person}) FROM ${from}`);
  if (countOf(rows) === countOf(distinct) && countOf(rows) === countOf(filled)) return { from, persons: countOf(rows) };
  const row = quoteIdentifier(rowId);
  await run(
    `CREATE OR REPLACE TEMP TABLE ${ROWS} AS
     SELECT arg_min(${row}, ${mixed(row)}) AS chosen FROM ${from} WHERE ${person} IS NOT NULL GROUP BY hash(${person})`,
  );
  await run(`CREATE OR REPLACE TEMP VIEW ${VIEW} AS SELECT t.* FROM ${from} t SEMI JOIN ${ROWS} ON t.${row} = chosen`);
  const [[persons] = []] = await run(`SELECT count(*) FROM ${ROWS}`);
  return { from: VIEW, persons: countOf(persons) };
}

/** A permutation of the numbers below 2^32, so that no person's first row is preferred. */
function mixed(row: string): string {
  return `(CAST(${row} AS BIGINT) * 2654435761) % 4294967296`;
}
