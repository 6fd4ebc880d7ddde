/** Ours of the row `mask6-ff1x2`: the generated people through the SQL of a policy that masks six columns and enciphers the
 *  identity and the mobile numbers, to Parquet, as the plain copy writes it. Arguments: source, target, cipher.
 *  @module */
import { blobValue, type DuckDBValue } from "@duckdb/node-api";
import { VECTOR_FUNCTIONS, viewSql } from "@sluice/desensitize";
import type { Policy, ResourceDescription, ResourceField, Transform } from "@sluice/protocol";
import { registerVectorFunctions } from "../../packages/domain/src/data/vector-functions.ts";
import { openDuckDb } from "./duckdb.ts";
import { reportUsage } from "./measured.ts";

const [source = "", target = "", cipher = ""] = process.argv.slice(2);

const KEEP: Transform = { kind: "keep" };
const FPE = { kind: "fpe", cipher: cipher === "sm4" ? "sm4" : "aes" } as const;

const COLUMNS: readonly (readonly [name: string, type: ResourceField["type"], transform: Transform])[] = [
  ["name", "text", { kind: "mask", keepFirst: 1, keepLast: 0 }],
  ["id_card", "text", { ...FPE, format: "resident-id" }],
  ["mobile", "text", { ...FPE, format: "mobile" }],
  ["card", "text", { kind: "mask", keepFirst: 0, keepLast: 4 }],
  ["address", "text", { kind: "mask", keepFirst: 3, keepLast: 0 }],
  ["plate", "text", { kind: "mask", keepFirst: 2, keepLast: 0 }],
  ["birth_year", "integer", { kind: "bucket", width: 10, min: 1920, max: 2010 }],
  ["region", "text", { kind: "generalize", length: 4 }],
  ...(["gender", "nation", "education", "marital", "occupation", "household", "diagnosis"] as const).map(
    (name) => [name, "text", KEEP] as const,
  ),
  ["income", "integer", KEEP],
];

const policy: Policy = {
  version: 1,
  resource: "people",
  columns: Object.fromEntries(COLUMNS.map(([name, , transform]) => [name, { role: "other", transform }] as const)),
  sample: { rows: 1_000, strata: [] },
  k: 5,
  suppressionLimit: 0.1,
};

const resource: ResourceDescription = {
  domain: "benchmark",
  resource: "people",
  title: "people",
  format: "parquet",
  source: "benchmark",
  updateFrequency: "once",
  approximateRows: 0,
  fields: COLUMNS.map(([name, type]) => ({ name, title: name, type, role: "other", grade: "general-2" }) as const),
  snapshot: "0".repeat(64),
  importedAt: "2026-01-01T00:00:00.000Z",
};

await reportUsage(async () => {
  const connection = await openDuckDb();
  registerVectorFunctions(connection, VECTOR_FUNCTIONS);
  await connection.run(`CREATE VIEW people AS SELECT * FROM '${source}'`);
  const fields = COLUMNS.map(([name]) => name);
  const view = viewSql(policy, resource, { table: "people", fields, tokenKey: new Uint8Array(32).fill(7) });
  const parameters: Record<string, DuckDBValue> = {};
  for (const [key, bytes] of Object.entries(view.parameters)) parameters[key] = blobValue(bytes);
  await connection.run(`COPY (${view.sql}) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`, parameters);
  connection.closeSync();
});
