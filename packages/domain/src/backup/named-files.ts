/** Names of the sealed files that a state needs: what products serve from, and whose rows were read.
 *  @module */
import { DatabaseSync } from "node:sqlite";

/** Where a state names files: table, column, the folder below the domain's directory. Tables and columns of later schemas may
 *  not be there yet. */
const NAMED = [
  ["product", "directory", "indexes"],
  ["product", "delta", "indexes"],
  ["product_before", "directory", "indexes"],
  ["product_before", "delta", "indexes"],
  ["membership", "name", "memberships"],
] as const;
/** Tables of a lookup were built from what lies here under the same name. */
const CONTENTS = "contents";
const IS_LOOKUP = "snapshot ->> '$.body.type' = 'lookup-snapshot'";
const BUSY_TIMEOUT_MS = 10_000;

/** The files and folders that the state `file` names, which a process may have open, as paths below the domain's directory. One
 *  goes only when no name leads to it any more. */
export function namedFiles(file: string): Set<string> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const hasColumn = db.prepare("SELECT 1 FROM pragma_table_info(?) WHERE name = ?");
    const paths = new Set<string>();
    for (const [table, column, folder] of NAMED) {
      if (hasColumn.get(table, column) === undefined) continue;
      const isLookup = folder === "indexes" ? IS_LOOKUP : "0";
      const named = db.prepare(`SELECT ${column} AS name, ${isLookup} AS isLookup FROM ${table} WHERE ${column} <> ''`);
      for (const { name, isLookup: hasContent } of named.all()) {
        paths.add(`${folder}/${String(name)}`);
        if (hasContent === 1) paths.add(`${CONTENTS}/${String(name)}`);
      }
    }
    return paths;
  } finally {
    db.close();
  }
}
