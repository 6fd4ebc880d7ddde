/** The row `psi-cardinality-2^16` with its traffic and memory: a count with noise beside one of `@openmined/psi.js`.
 *  @module */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compare, median, type Row } from "../suite.ts";
import { PSI_JS, psiJsCount } from "./psi-js.ts";

const NAME = "psi-cardinality-2^16";
const MAIN = fileURLToPath(new URL("./cardinality-main.ts", import.meta.url));
const MIB = 2 ** 20;

interface Measured {
  readonly items: number;
  readonly cpuMicros: number;
  readonly bytes: number;
  readonly peakBytes: number;
}

/** Three rows. */
export async function cardinalityRows(progress: (line: string) => void): Promise<Row[]> {
  progress(NAME);
  const peer = await psiJsCount(progress);
  const runs: Measured[] = [];
  const ours = async (): Promise<number> => {
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN]);
    const run = JSON.parse(stdout) as Measured;
    runs.push(run);
    progress(`${NAME}: ${run.cpuMicros / run.items} µs`);
    return run.cpuMicros / run.items;
  };
  const items = 2 ** 16;
  const row = await compare({ name: NAME, n: items, unit: "µs/item", better: "lower", peer: PSI_JS }, ours, peer);
  const middle = (of: (run: Measured) => number): number => Number(median(runs.map(of)).toPrecision(3));
  return [
    row,
    { name: `${NAME} traffic`, n: items, value: middle(({ bytes }) => bytes / items), unit: "bytes/item" },
    { name: `${NAME} peak memory`, n: items, value: middle(({ peakBytes }) => peakBytes / MIB), unit: "MiB" },
  ];
}
