/** Rows of persons outside of a sample, as a job would have seen them: what the guard measures a released model against. They go to the
 *  guard process and nowhere else.
 *  @module */
import { quasiIdentifiers, sampleSql, takeRows } from "@sluice/desensitize";
import { isValid, type Column, type ColumnBatch } from "@sluice/protocol";
import { readBatch } from "./batch.ts";
import type { SampleRequest } from "./inspect-sample.ts";
import type { OpenTable } from "./sample.ts";
import { bindBytes, openView, ROW_NUMBER } from "./view.ts";

/** Rows that are drawn at most: more would make an interval narrower, and the check longer. */
export const MAX_HELD_OUT_ROWS = 20_000;

/** Rows of whom no row was drawn for `sample`, in classes of quasi-identifiers that it shows: a class too small for the sample is strange
 *  to the model without anybody's being remembered. Null under a model that makes columns coarser by what was drawn: others cannot be
 *  shown in the same way. @throws ERR_POLICY, ERR_CANCELLED, EngineFault */
export async function heldOutFrom(
  { session, entry, path }: OpenTable,
  request: SampleRequest,
  sample: ColumnBatch,
): Promise<ColumnBatch | null> {
  const { policy, fields, tokenKey, seed, signal, key, consent } = request;
  if (policy.model !== undefined && policy.model.algorithm !== "suppress") return null;
  const table = await openView(session, entry.description, { path, consent });
  const outside = Math.min(MAX_HELD_OUT_ROWS, policy.sample.rows);
  const view = sampleSql(policy, entry.description, {
    table,
    rowId: ROW_NUMBER,
    fields,
    tokenKey,
    seed,
    subject: key,
    outside,
  });
  const read = await readBatch(await session.stream(view.sql, bindBytes(view.parameters)), view.columns, signal);
  const shown = {
    rowCount: read.rowCount,
    columns: Object.fromEntries(fields.flatMap((name) => columnNamed(read, name))),
  };
  const quasi = quasiIdentifiers(policy, fields);
  const [inside, others] = [classNames(sample, quasi), classNames(shown, quasi)];
  const classes = new Set(inside);
  return takeRows(
    shown,
    [...others.keys()].filter((row) => classes.has(others[row] ?? "")),
  );
}

function columnNamed({ columns }: ColumnBatch, name: string): [string, Column][] {
  const column = columns[name];
  return column === undefined ? [] : [[name, column]];
}

/** What each row has in `quasi`, as one text. */
function classNames({ rowCount, columns }: ColumnBatch, quasi: readonly string[]): string[] {
  const own = quasi.flatMap((name) => columnNamed({ rowCount, columns }, name)).map(([, column]) => column);
  return Array.from({ length: rowCount }, (_, row) =>
    JSON.stringify(
      own.map((column) => {
        if (!isValid(column, row)) return null;
        const value = column.values[row] ?? 0;
        return column.type === "dict" ? (column.dictionary[value] ?? null) : value;
      }),
    ),
  );
}
