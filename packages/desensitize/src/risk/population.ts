/** How many persons of the whole table are in each class of a sample: one GROUP BY over the table, then a look-up of each
 *  distinct tuple. The domain holds the population, so that this is counted, not modelled.
 *  @module */
import type { ColumnBatch, Policy, ResourceDescription } from "@sluice/protocol";
import { shownColumn } from "../policy/columns.ts";
import { quoteIdentifier } from "../transform/sql-text.ts";
import { columnExpression, keyParameters, type ViewSource, type ViewSql } from "../view-sql.ts";

/** Distinct tuples of quasi-identifiers that are read; of a table with more, nothing is said. */
export const MAX_POPULATION_TUPLES = 2_000_000;
/** Column of the persons of each tuple. Not a field name, so that no field can hide it. */
export const TUPLE_PERSONS = "tuple persons";

/** Distinct tuples of a table with their persons. */
export interface Population {
  /** The quasi-identifiers, one row for each distinct tuple. */
  readonly tuples: ColumnBatch;
  /** Persons of each tuple. */
  readonly persons: Int32Array;
  /** Persons of the table. */
  readonly total: number;
}

/** The SELECT of the distinct tuples of `source.fields` (quasi-identifiers, transformed) with their persons, at most one
 *  more than MAX_POPULATION_TUPLES. @throws ERR_POLICY when a field is not shown */
export function populationSql(
  policy: Policy,
  resource: ResourceDescription,
  source: ViewSource & { readonly subject: string },
): ViewSql {
  const columns = source.fields.map((name) => shownColumn(policy, resource, name));
  const keys = columns.map((column) => `${columnExpression(column, source)} AS ${quoteIdentifier(column.name)}`);
  const persons = `CAST(count(DISTINCT ${quoteIdentifier(source.subject)}) AS INTEGER) AS ${quoteIdentifier(TUPLE_PERSONS)}`;
  return {
    sql: `SELECT ${[...keys, persons].join(", ")} FROM ${quoteIdentifier(source.table)}${columns.length === 0 ? "" : " GROUP BY ALL"} LIMIT ${MAX_POPULATION_TUPLES + 1}`,
    columns: [...columns.map(({ name, type }) => ({ name, type })), { name: TUPLE_PERSONS, type: "i32" }],
    parameters: keyParameters(columns, source.tokenKey),
  };
}

/** Persons of each of `count` classes; `classes[i]` is that of tuple i, or -1. A person with several tuples counts in each. */
export function populationOf(count: number, classes: Int32Array, persons: Int32Array): Int32Array {
  const population = new Int32Array(count);
  for (const [tuple, number] of classes.entries()) {
    if (number >= 0) population[number] = (population[number] ?? 0) + (persons[tuple] ?? 0);
  }
  return population;
}
