/** A resource's table as the SQL of policies sees it: under the resource's name, with numbered rows.
 *  @module */
import { blobValue, type DuckDBValue } from "@duckdb/node-api";
import type { Bytes, ResourceDescription } from "@sluice/protocol";
import { quoteIdentifier, quoteText, type Session } from "./engine.ts";

/** Column that numbers the rows of a table. Not a field name, so that no field can hide it. */
export const ROW_NUMBER = "row number";

/** Makes the temporary view of the Parquet file at `path`. @throws EngineFault */
export async function openView(session: Session, resource: ResourceDescription, path: string): Promise<string> {
  const fields = resource.fields.map(({ name }) => quoteIdentifier(name)).join(", ");
  await session.run(
    `CREATE TEMP VIEW ${quoteIdentifier(resource.resource)} AS
     SELECT ${fields}, file_row_number AS ${quoteIdentifier(ROW_NUMBER)}
     FROM read_parquet(${quoteText(path)}, file_row_number = true)`,
  );
  return resource.resource;
}

/** Parameters as the engine binds them. */
export function bindBytes(parameters: Record<string, Bytes>): Record<string, DuckDBValue> {
  return Object.fromEntries(Object.entries(parameters).map(([name, bytes]) => [name, blobValue(bytes)]));
}
