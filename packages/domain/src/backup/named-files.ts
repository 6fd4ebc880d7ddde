/** Names of the sealed files that a state needs: what products serve from, and whose rows were read.
 *  @module */
import { DatabaseSync } from "node:sqlite";

/** Where a state names files, and in which column. Tables of later schemas may not be there yet. */
const NAMED = [
  ["product", "directory"],
  ["membership", "name"],
] as const;
const BUSY_TIMEOUT_MS = 10_000;

/** The names in the state `file`, which a process may have open. A file goes only when no name leads to it any more. */
export function namedFiles(file: string): Set<string> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const tables = new Set(
      db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .all()
        .map(({ name }) => String(name)),
    );
    return new Set(
      NAMED.filter(([table]) => tables.has(table)).flatMap(([table, column]) =>
        db
          .prepare(`SELECT ${column} AS name FROM ${table} WHERE ${column} <> ''`)
          .all()
          .map(({ name }) => `${table}/${String(name)}`),
      ),
    );
  } finally {
    db.close();
  }
}
