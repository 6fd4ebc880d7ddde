/** Fields of a resource that nobody has declared: type from every row, role from what the values are. A starting
 *  point that errs to the strict side; the department corrects it by declaring fields.
 *  @module */
import { isMobileNumber, isResidentId, isSocialCreditCode } from "@sluice/desensitize";
import type { ResourceField } from "@sluice/protocol";
import { quoteIdentifier, type Session } from "./engine.ts";
import { inferTypes, type SourceColumn, type StoredType } from "./stored-type.ts";

/** Distinct values of a column that are looked at. */
const INSPECTED_VALUES = 5_000;
/** Share of them that must be identifiers of one kind. */
const IDENTIFIER_SHARE = 0.8;
/** From this many distinct values on, text of which nearly every value is distinct names something. */
const NAMING_VALUES = 50;
const NAMING_SHARE = 0.9;

const DETECTORS = [isResidentId, isMobileNumber, isSocialCreditCode];

/** Fields for `columns` of `table`. Identifiers are text, whatever they look like. @throws EngineFault */
export async function classify(
  session: Session,
  table: string,
  columns: readonly SourceColumn[],
  format: "csv" | "parquet",
): Promise<ResourceField[]> {
  const types = format === "csv" ? await inferTypes(session, table, columns) : columns.map((column) => column.native);
  const fields: ResourceField[] = [];
  for (const [i, column] of columns.entries()) {
    const type = types[i] ?? "text";
    const direct = await namesOnePerson(session, table, column, type);
    fields.push({
      name: column.name,
      title: column.name,
      type: direct ? "text" : type,
      role: direct ? "direct" : defaultRole(type),
      grade: direct ? "general-4" : "general-3",
    });
  }
  return fields;
}

function defaultRole(type: StoredType): ResourceField["role"] {
  return type === "decimal" || type === "boolean" ? "sensitive" : "quasi";
}

async function namesOnePerson(
  session: Session,
  table: string,
  column: SourceColumn,
  type: StoredType,
): Promise<boolean> {
  if (type !== "text" && type !== "integer") return false;
  const source = quoteIdentifier(table);
  const rows = await session.rows(
    `SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT ${column.expression} AS v FROM ${source}) WHERE v IS NOT NULL LIMIT ${INSPECTED_VALUES}`,
  );
  const values = rows.map(([value]) => String(value));
  if (values.length === 0) return false;
  const enough = values.length * IDENTIFIER_SHARE;
  if (DETECTORS.some((detect) => values.filter((value) => detect(value)).length >= enough)) return true;
  if (type !== "text" || values.length < NAMING_VALUES) return false;
  const [[filled = 0n, distinct = 0n] = []] = await session.rows(
    `SELECT count(${column.expression}), count(DISTINCT ${column.expression}) FROM ${source}`,
  );
  return Number(distinct) >= Number(filled) * NAMING_SHARE;
}
