/** The whole job of k-anonymity on a table of people: read the distinct tuples, search the levels, write the table with every
 *  column, eight of them coarser, without the rows that are left out.
 *  @module */
import { chooseLevels, levelExpression, type ColumnHierarchy } from "@sluice/desensitize";
import type { Column } from "@sluice/protocol";
import { openDuckDb } from "./duckdb.ts";
import { reportUsage } from "./measured.ts";
import { PEOPLE_HIERARCHIES } from "./people-hierarchies.ts";
import { PEOPLE_QUASI } from "./people.ts";
import { readTuples } from "./read-tuples.ts";

const [source = "", target = "", k = "5", limit = "0.01"] = process.argv.slice(2);
const typeOf = (name: string): Column["type"] => (name === "birth_year" ? "i32" : "dict");

await reportUsage(async () => {
  const connection = await openDuckDb();
  const started = performance.now();
  const { tuples, weights } = await readTuples(connection, source, PEOPLE_QUASI, typeOf);
  const read = performance.now();
  const hierarchies: Record<string, ColumnHierarchy> = Object.fromEntries(
    Object.entries(PEOPLE_HIERARCHIES).map(([name, hierarchy]) => [name, { hierarchy, from: 0 }]),
  );
  const found = await chooseLevels(tuples, weights, {
    quasi: PEOPLE_QUASI,
    hierarchies,
    k: Number(k),
    suppressionLimit: Number(limit),
  });
  const searched = performance.now();

  const shown = (name: string): string =>
    levelExpression(name, found.levels[name] ?? 0, hierarchies[name], typeOf(name));
  const { leftOut } = found;
  const telling = PEOPLE_QUASI.filter((name) => {
    const column = leftOut.columns[name];
    return column !== undefined && new Set(column.values).size > 1;
  });
  const list = telling.map((name, i) => `"_${i}" ${typeOf(name) === "i32" ? "INTEGER" : "VARCHAR"}`);
  await connection.run(`CREATE TEMP TABLE left_out (${list.join(", ")})`);
  const appender = await connection.createAppender("left_out");
  for (let row = 0; row < leftOut.rowCount; row++) {
    for (const name of telling) {
      const column = leftOut.columns[name];
      const value = column?.values[row] ?? 0;
      if (column?.type === "dict") appender.appendVarchar(column.dictionary[value] ?? "");
      else appender.appendInteger(value);
    }
    appender.endRow();
  }
  appender.closeSync();
  const replaced = PEOPLE_QUASI.map((name) => `${shown(name)} AS "${name}"`).join(", ");
  const same = telling.map((name, i) => `people."${name}" = left_out."_${i}"`).join(" AND ");
  const kept = leftOut.rowCount === 0 ? "" : ` ANTI JOIN left_out ON ${same}`;
  await connection.run(
    `COPY (SELECT people.* FROM (SELECT * REPLACE (${replaced}) FROM '${source}') people${kept})
     TO '${target}' (FORMAT parquet, COMPRESSION zstd)`,
  );
  connection.closeSync();
  const written = performance.now();
  return {
    readMs: read - started,
    searchMs: searched - read,
    writeMs: written - searched,
    tuples: tuples.rowCount,
    loss: found.loss,
    suppressedRows: found.suppressedRows,
    nodes: found.nodes,
    checks: found.checks,
    node: Number(PEOPLE_QUASI.map((name) => found.levels[name]).join("")),
  };
});
