/** What masks and tokens cost: a table through the SQL that a policy compiles to, beside the plain copy of the same table.
 *  @module */
import type { Row } from "../suite.ts";
import type { Bench } from "./bench.ts";
import { compareCpu, runMeasured } from "./measured.ts";

const PEER = "plain DuckDB copy of the same table";

/** `mask6`, `mask6-hmac2`, and masks of the flights. */
export async function maskRows(bench: Bench): Promise<Row[]> {
  const people = await bench.people();
  const masked = (name: string, source: string, n: number, policy: string): Promise<Row> =>
    compareCpu(
      { name, n, peer: PEER },
      () => runMeasured("mask-main.ts", [source, bench.path("masked.parquet"), policy]),
      () => bench.plainCopy(source),
    ).then(({ row }) => row);
  const rows = [
    await masked(`mask6-${bench.label}`, people, bench.rows, "people-mask6"),
    await masked(`mask6-hmac2-${bench.label}`, people, bench.rows, "people-mask6-hmac2"),
  ];
  if (bench.slow) rows.push(await masked("masks, flights-3M", await bench.flights(), 3_000_000, "flights"));
  return rows;
}
