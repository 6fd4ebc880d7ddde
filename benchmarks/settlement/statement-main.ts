/** One side of the rows `statement`: aggregates the records of a file and, unless told to stop there, makes the month's statement.
 *  Arguments: `statement` or `aggregate`, the file, and `unique` or `repeated`.
 *  @module */
import {
  chargedMonth,
  issueStatement,
  monthlyUseSql,
  RULE_SETS,
  rulesFor,
  usesOfRows,
  type AggregatedUse,
} from "@sluice/settlement";
import { openDuckDb } from "../desensitize/duckdb.ts";
import { reportUsage } from "../desensitize/measured.ts";
import { cityTerms, MONTH } from "./uses.ts";

const [what = "", file = "", ids = ""] = process.argv.slice(2);
// Made before time is taken, as files would have been read: what is measured begins with checking them.
const terms = what === "statement" ? cityTerms() : undefined;
const connection = await openDuckDb();
await connection.run(`CREATE VIEW uses AS SELECT * FROM read_parquet('${file}')`);

await reportUsage(async () => {
  const sql = monthlyUseSql({ table: "uses", month: MONTH, idsAreUnique: ids === "unique" });
  const result = await connection.runAndReadAll(sql);
  const rows = result.getRowObjectsJS() as unknown as AggregatedUse[];
  if (terms === undefined) return { lines: rows.length };
  const rules = rulesFor({ sets: RULE_SETS, jurisdiction: "futian", on: `${MONTH}-01` });
  const { statement } = await issueStatement(
    chargedMonth({ month: MONTH, ...terms, uses: usesOfRows(rows, MONTH) }, rules),
  );
  return { lines: statement.lines.length };
});
connection.closeSync();
