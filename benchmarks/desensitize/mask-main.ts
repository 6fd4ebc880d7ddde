/** Ours of the rows `mask6` and `mask6-hmac2`: the table through the SQL of a policy, to Parquet, as the plain copy writes it.
 *  Arguments: source, target, and which policy.
 *  @module */
import { blobValue, type DuckDBValue } from "@duckdb/node-api";
import { checkPolicy, viewSql } from "@sluice/desensitize";
import { openDuckDb } from "./duckdb.ts";
import { maskedTable } from "./mask-policies.ts";
import { reportUsage } from "./measured.ts";

const [source = "", target = "", name = ""] = process.argv.slice(2);
const { policy, resource } = maskedTable(name);

await reportUsage(async () => {
  const connection = await openDuckDb();
  await connection.run(`CREATE VIEW "${resource.resource}" AS SELECT *, 0 AS "key" FROM '${source}'`);
  checkPolicy(policy, resource, "key");
  const fields = resource.fields.flatMap((field) => (field.name === "key" ? [] : [field.name]));
  const view = viewSql(policy, resource, { table: resource.resource, fields, tokenKey: new Uint8Array(32).fill(7) });
  const parameters: Record<string, DuckDBValue> = {};
  for (const [key, bytes] of Object.entries(view.parameters)) parameters[key] = blobValue(bytes);
  await connection.run(`COPY (${view.sql}) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`, parameters);
  connection.closeSync();
});
