/** The peer of the rows that transform a table: DuckDB copies the Parquet file, every column as it is.
 *  @module */
import { openDuckDb } from "./duckdb.ts";
import { reportUsage } from "./measured.ts";

const [source, target] = process.argv.slice(2);

await reportUsage(async () => {
  const connection = await openDuckDb();
  await connection.run(
    `COPY (SELECT * FROM '${source ?? ""}') TO '${target ?? ""}' (FORMAT parquet, COMPRESSION zstd)`,
  );
  connection.closeSync();
});
