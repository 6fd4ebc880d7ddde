/** The vector that this domain adds: read by its engine from the granted table under the grant's policy, of persons that the
 *  grant's rule of consent lets in. Rows without a value, and rows of one person beyond the agreed number, are left out; then the
 *  domain needs the agreed number of rows, and as many persons as its policy's k, ten at least. Cells of fewer persons are emptied.
 *  @module */
import { aggregateVector, type AggregateRows } from "@sluice/mpc/aggregate/statistics";
import {
  columnsOf,
  isSluiceError,
  isValid,
  SluiceError,
  type AggregateAgreement,
  type Column,
  type ColumnBatch,
} from "@sluice/protocol";
import { setImmediate } from "node:timers/promises";
import { numberKeys } from "../data/key-index.ts";
import type { DomainContext } from "../serve/context.ts";
import { grantedView } from "../serve/granted-view.ts";
import type { HeldGrant } from "../state/documents.ts";
import { leastPersons } from "./admit-aggregate.ts";
import { CellPersons } from "./cell-persons.ts";

/** Rows that are added up before other work has its turn. */
const SLICE_ROWS = 65_536;

/** @throws ERR_AGGREGATE_VALUE when a value fits nowhere or there are more rows than the plan allows; ERR_AGGREGATE_REFUSED when there are
 *  too few; ERR_STORE, ERR_CANCELLED */
export async function domainVector(
  context: Pick<DomainContext, "data" | "keyring">,
  held: HeldGrant,
  { plan, terms }: AggregateAgreement,
  signal: AbortSignal,
): Promise<bigint[]> {
  const columns = columnsOf(plan.statistic);
  const view = grantedView(context, held, signal);
  const fields = columns.length === 0 ? view.fields.slice(0, 1) : [...new Set(columns)];
  const { table, keys } = await context.data.readAll({ ...view, fields }).catch((error: unknown) => {
    // What is wrong with the rows goes to nobody.
    if (!isSluiceError(error, "ERR_LOOKUP_TABLE")) throw error;
    throw new SluiceError("ERR_STORE", { reason: "the rows of this table cannot be read to be added up" });
  });
  const numbers = await numberKeys(keys, signal);
  const { chosen, persons } = chooseRows(table, columns, numbers, terms.rowsOfPerson);
  if (chosen.length < terms.rowsAtLeast) {
    throw new SluiceError("ERR_AGGREGATE_REFUSED", { reason: "it has fewer rows than the plan asks for" });
  }
  if (persons < leastPersons(held.policy)) {
    throw new SluiceError("ERR_AGGREGATE_REFUSED", { reason: "it has rows of too few persons" });
  }
  if (chosen.length > plan.rowsAtMost) {
    throw new SluiceError("ERR_AGGREGATE_VALUE", { column: "rows", expected: `at most ${plan.rowsAtMost}` });
  }
  const { statistic } = plan;
  const { cellAtLeast } = terms;
  const isCounted = cellAtLeast !== undefined && (statistic.kind === "histogram" || statistic.kind === "categories");
  const cells = isCounted ? new CellPersons(statistic, chosen.length) : null;
  let vector = aggregateVector(plan, rowsOf(table, chosen.subarray(0, 0)));
  for (let from = 0; from < chosen.length; from += SLICE_ROWS) {
    const rows = rowsOf(table, chosen.subarray(from, from + SLICE_ROWS));
    cells?.add(rows);
    const part = aggregateVector(plan, rows);
    vector = vector.map((value, i) => value + (part[i] ?? 0n));
    await setImmediate();
    if (signal.aborted) throw new SluiceError("ERR_CANCELLED");
  }
  if (cells === null || cellAtLeast === undefined) return vector;
  const personOf = chosen.map((row) => numbers[row] ?? 0);
  const inCells = cells.count(vector.length, personOf, numbers.length);
  return vector.map((rows, cell) => ((inCells[cell] ?? 0) < cellAtLeast ? 0n : rows));
}

/** Rows with a value in each of `columns`, of each person the first ones: which of them depends on that person's rows alone. And how
 *  many persons they are of. */
function chooseRows(
  table: ColumnBatch,
  columns: readonly string[],
  persons: Uint32Array,
  ofPerson: number,
): { chosen: Uint32Array; persons: number } {
  const needed = columns.map((name) => columnOf(table, name));
  const chosen = new Uint32Array(table.rowCount);
  const counts = new Uint16Array(table.rowCount);
  let length = 0;
  let distinct = 0;
  for (let row = 0; row < table.rowCount; row++) {
    if (!needed.every((column) => hasValue(column, row))) continue;
    const person = persons[row] ?? 0;
    const count = counts[person] ?? 0;
    if (count >= ofPerson) continue;
    counts[person] = count + 1;
    if (count === 0) distinct++;
    chosen[length++] = row;
  }
  return { chosen: chosen.subarray(0, length), persons: distinct };
}

function hasValue(column: Column, row: number): boolean {
  return isValid(column, row) && (column.type !== "f64" || Number.isFinite(column.values[row]));
}

function rowsOf(table: ColumnBatch, chosen: Uint32Array): AggregateRows {
  return {
    rows: chosen.length,
    column: (name) => {
      const column = columnOf(table, name);
      if (column.type !== "dict") return Array.from(chosen, (row) => column.values[row] ?? 0);
      return Array.from(chosen, (row) => column.dictionary[column.values[row] ?? 0] ?? "");
    },
  };
}

function columnOf(table: ColumnBatch, name: string): Column {
  const column = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
  if (column === undefined) throw new TypeError(`the view has no column ${name}`);
  return column;
}
