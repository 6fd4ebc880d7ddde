/** A resource's table as the SQL of policies sees it: under the resource's name, with numbered rows.
 *  @module */
import { blobValue, type DuckDBValue } from "@duckdb/node-api";
import { SluiceError, type Bytes, type ResourceDescription } from "@sluice/protocol";
import { quoteIdentifier, quoteText, type Session } from "./engine.ts";

/** Column that numbers the rows of a table. Not a field name, so that no field can hide it. */
export const ROW_NUMBER = "row number";

/** Where a table lies, and the boolean column that says of each row whether it may be used. */
export interface ViewedTable {
  readonly path: string;
  readonly consent: string | undefined;
  /** Column without which rows are left out. */
  readonly needed?: string | undefined;
}

/** Makes the temporary view of the Parquet file at `path`, of the rows that may be used: a null is no consent.
 *  @throws ERR_POLICY when the resource has no such column; EngineFault */
export async function openView(
  session: Session,
  resource: ResourceDescription,
  { path, consent, needed }: ViewedTable,
): Promise<string> {
  const fields = resource.fields.map(({ name }) => quoteIdentifier(name)).join(", ");
  await session.run(
    `CREATE OR REPLACE TEMP VIEW ${quoteIdentifier(resource.resource)} AS
     SELECT ${fields}, file_row_number AS ${quoteIdentifier(ROW_NUMBER)}
     FROM read_parquet(${quoteText(path)}, file_row_number = true)${conditions(resource, { consent, needed })}`,
  );
  return resource.resource;
}

/** Rows of the view `table`. @throws EngineFault */
export async function countRows(session: Session, table: string): Promise<number> {
  const [[rows] = []] = await session.rows(`SELECT count(*) FROM ${quoteIdentifier(table)}`);
  return Number(rows);
}

function conditions(resource: ResourceDescription, { consent, needed }: Omit<ViewedTable, "path">): string {
  const both = [...consented(resource, consent), ...(needed === undefined ? [] : [hasValue(needed)])];
  return both.length === 0 ? "" : ` WHERE ${both.join(" AND ")}`;
}

/** That a column has a value which is not an empty text. */
function hasValue(column: string): string {
  return `CAST(${quoteIdentifier(column)} AS VARCHAR) <> ''`;
}

/** The grant was accepted with this column, and a later import may lack it: then no row may be used. */
function consented(resource: ResourceDescription, consent: string | undefined): string[] {
  if (consent === undefined) return [];
  if (resource.fields.find(({ name }) => name === consent)?.type !== "boolean") {
    throw new SluiceError("ERR_POLICY", {
      pointer: "/consent/field",
      reason: "the resource has no such boolean column",
    });
  }
  return [`${quoteIdentifier(consent)} IS TRUE`];
}

/** Parameters as the engine binds them. */
export function bindBytes(parameters: Record<string, Bytes>): Record<string, DuckDBValue> {
  return Object.fromEntries(Object.entries(parameters).map(([name, bytes]) => [name, blobValue(bytes)]));
}
