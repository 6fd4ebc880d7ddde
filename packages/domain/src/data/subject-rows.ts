/** The rows of one person, for that person alone: a copy of what the table holds about them.
 *  @module */
import { SluiceError, type FieldName, type ResourceDescription } from "@sluice/protocol";
import { quoteIdentifier, quoteText } from "./engine.ts";
import type { OpenTable } from "./sample.ts";

/** Rows of one person at most. */
export const MAX_SUBJECT_ROWS = 10_000;

/** Whose rows. */
export interface SubjectRowsRequest {
  readonly resource: string;
  readonly column: FieldName;
  /** In the form in which keys are read; see `normalIdentifier`. */
  readonly identifier: string;
  readonly signal?: AbortSignal | undefined;
}

/** Rows in the order of the table; each value as text in the order of the fields, null where there is none. */
export interface SubjectRows {
  readonly description: ResourceDescription;
  readonly rows: (string | null)[][];
}

/** Reads them, whatever consents say. @throws ERR_NOT_FOUND when there is no such column; ERR_STORE, ERR_CANCELLED, EngineFault */
export async function readSubjectFrom(
  { session, entry: { description }, path }: OpenTable,
  { column, identifier }: SubjectRowsRequest,
): Promise<SubjectRows> {
  if (!description.fields.some(({ name }) => name === column)) {
    throw new SluiceError("ERR_NOT_FOUND", { kind: "column", name: column });
  }
  const fields = description.fields.map(({ name }) => `CAST(${quoteIdentifier(name)} AS VARCHAR)`).join(", ");
  const values = await session.rows(
    `SELECT ${fields} FROM read_parquet(${quoteText(path)}, file_row_number = true)
     WHERE CAST(${quoteIdentifier(column)} AS VARCHAR) = $identifier
     ORDER BY file_row_number LIMIT ${MAX_SUBJECT_ROWS + 1}`,
    { identifier },
  );
  if (values.length > MAX_SUBJECT_ROWS) {
    throw new SluiceError("ERR_STORE", { reason: `more than ${MAX_SUBJECT_ROWS} rows have that key` });
  }
  return { description, rows: values.map((row) => row.map((value) => (value === null ? null : String(value)))) };
}
