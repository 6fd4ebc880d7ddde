/** What the groups of rows of the suite `desensitize` share: the generated table, the flights, and the plain copy.
 *  @module */
import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Row } from "../suite.ts";
import { runMeasured, type Usage } from "./measured.ts";
import { peerFile } from "./peers.ts";
import { writePeople } from "./people.ts";

const SLOW = process.env["SLOW"] === "1";

/** The rows of one topic. */
export type RowGroup = (bench: Bench) => Promise<Row[]>;

/** What a group gets. */
export interface Bench {
  /** Rows of the generated table. */
  readonly rows: number;
  /** The same for the name of a row: `3M`, or `300k` without `SLOW=1`. */
  readonly label: string;
  /** Whether long rows run. */
  readonly slow: boolean;
  progress(line: string): void;
  /** A path for a file of this name, in the directory that the suite removes. */
  path(name: string): string;
  /** The generated table as Parquet, written once. */
  people(): Promise<string>;
  /** Processor time and memory of a process that copies `source` to Parquet and does nothing else. */
  plainCopy(source: string): Promise<Usage>;
  /** The 3 million flights of vega-datasets as Parquet; the first call installs the peers. */
  flights(): Promise<string>;
}

/** `directory` is removed by the caller. With `BENCH_DATA` the generated table stays in that directory for the next run. */
export function openBench(directory: string, progress: (line: string) => void): Bench {
  const rows = SLOW ? 3_000_000 : 300_000;
  const label = SLOW ? "3M" : "300k";
  const path = (name: string): string => join(directory, name);
  let people: Promise<string> | undefined;
  return {
    rows,
    label,
    slow: SLOW,
    progress,
    path,
    people: () => (people ??= keptPeople(process.env["BENCH_DATA"] ?? directory, label, rows, progress)),
    plainCopy: (source) => runMeasured("plain-copy-main.ts", [source, path("plain-copy.parquet")]),
    flights: () => peerFile("vega-datasets", "data/flights-3m.parquet", progress),
  };
}

async function keptPeople(
  directory: string,
  label: string,
  rows: number,
  progress: (line: string) => void,
): Promise<string> {
  const path = join(directory, `people-${label}.parquet`);
  if (existsSync(path)) return path;
  progress(`people, ${label} rows`);
  await mkdir(directory, { recursive: true });
  await writePeople(`${path}.part`, rows);
  await rename(`${path}.part`, path);
  return path;
}
