/** Rows of k-anonymity: the search on Adult with ARX's hierarchies, boxes on the same table, and the whole job on people.
 *  @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { anonymize, type AnonymizedBatch, type ColumnHierarchy } from "@sluice/desensitize";
import { ADULT_COLUMNS, adultBatch, adultTree } from "../../packages/desensitize/test/adult-hierarchies.ts";
import { median, type Row } from "../suite.ts";
import type { Bench } from "./bench.ts";
import { openDuckDb } from "./duckdb.ts";
import { compareCpu, rounded, runMeasured } from "./measured.ts";
import { PEOPLE_QUASI } from "./people.ts";

/** Rows of Adult that are complete. */
const ADULT_ROWS = 30_162;
/** Runs behind a figure. */
const RUNS = 5;
const MEBIBYTE = 1_048_576;

/** The rows. Those on Adult need SLUICE_DATA_DIR and are absent without it. */
export async function anonymityRows(bench: Bench): Promise<Row[]> {
  return [...(await adultRows(bench)), ...(await peopleRows(bench))];
}

async function adultRows(bench: Bench): Promise<Row[]> {
  const directory = process.env["SLUICE_DATA_DIR"] ?? "";
  if (!existsSync(join(directory, "adult", "adult_arx_30162.csv"))) {
    bench.progress("without SLUICE_DATA_DIR: no rows on Adult");
    return [];
  }
  const batch = adultBatch(directory);
  const hierarchies = Object.fromEntries(
    ADULT_COLUMNS.flatMap((name): [string, ColumnHierarchy][] => {
      const hierarchy = adultTree(directory, name);
      return hierarchy === undefined ? [] : [[name, { hierarchy, from: 0 }]];
    }),
  );
  const rows: Row[] = [];
  const request = { quasi: ADULT_COLUMNS, hierarchies };
  for (const k of [2, 5, 10, 25, 50, 100]) {
    for (const [suffix, suppressionLimit] of [
      ["", 0],
      ["-suppress5", 0.05],
    ] as const) {
      const model = { algorithm: "full-domain" } as const;
      const { ms, found } = await timed(() => anonymize(batch, { ...request, model, k, suppressionLimit }));
      const { recoding } = found;
      if (recoding.kind !== "levels") throw new TypeError("full-domain chooses levels");
      const node = recoding.columns.map(({ level }) => level).join("");
      const name = `fulldomain-adult-k${k}${suffix}`;
      rows.push({ name, n: ADULT_ROWS, value: rounded(ms), unit: "ms" });
      rows.push({ name: `${name}-loss`, n: ADULT_ROWS, value: rounded(found.loss), unit: `loss, levels ${node}` });
    }
  }
  const model = { algorithm: "mondrian" } as const;
  const { ms, found } = await timed(() => anonymize(batch, { ...request, model, k: 5, suppressionLimit: 0 }));
  rows.push({ name: "mondrian-adult-k5-ncp", n: ADULT_ROWS, value: rounded(found.loss), unit: "NCP" });
  rows.push({ name: "mondrian-adult-k5-ms", n: ADULT_ROWS, value: rounded(ms), unit: "ms" });
  return rows;
}

/** Reading as codes, search and writing of the batch. The first run warms up. */
async function timed(work: () => Promise<AnonymizedBatch>): Promise<{ ms: number; found: AnonymizedBatch }> {
  let found = await work();
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    found = await work();
    times.push(performance.now() - started);
  }
  return { ms: median(times), found };
}

async function peopleRows(bench: Bench): Promise<Row[]> {
  const source = await bench.people();
  const { row, ours } = await compareCpu(
    { name: `fulldomain-${bench.label}-8qi-k5`, n: bench.rows, peer: "plain DuckDB copy of the same table" },
    () => runMeasured("full-domain-main.ts", [source, bench.path("anonymous.parquet")]),
    () => bench.plainCopy(source),
  );
  await checkClasses(bench.path("anonymous.parquet"), bench.rows - (ours.facts["suppressedRows"] ?? Number.NaN));
  const fact = (name: string): number => ours.facts[name] ?? Number.NaN;
  const reported = (what: string, value: number, unit: string): Row => ({
    name: `${row.name}-${what}`,
    n: bench.rows,
    value: rounded(value),
    unit,
  });
  const levels = String(fact("node")).padStart(8, "0");
  return [
    row,
    reported("memory", ours.peakBytes / MEBIBYTE, "MiB"),
    reported("loss", fact("loss"), `loss, levels ${levels}`),
    reported("rows-left-out", fact("suppressedRows"), "rows"),
  ];
}

/** Counts what was written. @throws Error when a class has fewer than five rows, or other rows are missing than it says */
async function checkClasses(path: string, rows: number): Promise<void> {
  const connection = await openDuckDb();
  const keys = PEOPLE_QUASI.map((name) => `"${name}"`).join(", ");
  const sql = `SELECT min(n), sum(n) FROM (SELECT count(*) AS n FROM '${path}' GROUP BY ${keys})`;
  const [[least, total] = []] = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  if (Number(least) < 5 || Number(total) !== rows) throw new Error("the table that was written does not keep k");
}
