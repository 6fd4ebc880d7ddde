/** Fields of a resource that nobody has declared: type from every row, role and grade from a sample of the values, their names
 *  and titles. A starting point that errs to the strict side; the department corrects it by declaring fields, an officer by
 *  deciding.
 *  @module */
import { classifyColumns, type ColumnFinding } from "@sluice/desensitize";
import type { ResourceField } from "@sluice/protocol";
import { sampleColumns } from "./column-samples.ts";
import type { Session } from "./engine.ts";
import { quoteIdentifier } from "./engine.ts";
import { inferTypes, type SourceColumn } from "./stored-type.ts";

/** A table in the staging engine: a view of the Parquet file at `path`. */
export interface StagedSource {
  readonly table: string;
  readonly path: string;
  readonly columns: readonly SourceColumn[];
  readonly format: "csv" | "parquet";
}

/** Findings on the columns of a file, with their types. @throws EngineFault */
export async function classifySource(
  session: Session,
  { table, path, columns, format }: StagedSource,
): Promise<{ readonly fields: ResourceField[]; readonly findings: ColumnFinding[] }> {
  const types = format === "csv" ? await inferTypes(session, table, columns) : columns.map(({ native }) => native);
  const findings = await findingsOf(
    session,
    path,
    columns.map((column, i) => ({ column, title: "", type: types[i] ?? "text" })),
  );
  const fields = findings.map(({ name, role, grade }, i): ResourceField => {
    const type = types[i] ?? "text";
    // Identifiers are text, whatever they look like.
    return { name, title: name, type: role === "direct" && type === "integer" ? "text" : type, role, grade };
  });
  return { fields, findings };
}

/** Findings on the columns of a stored table. @throws EngineFault */
export async function classifyStored(
  session: Session,
  path: string,
  fields: readonly ResourceField[],
): Promise<ColumnFinding[]> {
  const columns = fields.map(({ name, title, type }) => ({
    column: { name, expression: quoteIdentifier(name), native: type },
    title,
    type,
  }));
  return await findingsOf(session, path, columns);
}

/** Columns of which values are held at one time. */
const COLUMNS_AT_ONCE = 16;

async function findingsOf(
  session: Session,
  path: string,
  columns: readonly { readonly column: SourceColumn; readonly title: string; readonly type: ResourceField["type"] }[],
): Promise<ColumnFinding[]> {
  const findings: ColumnFinding[] = [];
  for (let first = 0; first < columns.length; first += COLUMNS_AT_ONCE) {
    const some = columns.slice(first, first + COLUMNS_AT_ONCE);
    const sampled = await sampleColumns(
      session,
      path,
      some.map(({ column }) => column),
    );
    const samples = some.flatMap(({ column, title, type }, i) => {
      const sample = sampled[i];
      return sample === undefined ? [] : [{ ...sample, name: column.name, title, type }];
    });
    findings.push(...classifyColumns(samples));
  }
  return findings;
}
