/** The row `psi-unbalanced-10k-3M`, the online phases of a short list against a large set, beside those of `@openmined/psi.js`; each party's part,
 *  traffic, memory, and what a domain does beforehand for each entry of a set of 2^16.
 *  @module */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compare, median, type Row } from "../suite.ts";
import { PSI_JS, psiJsOnline } from "./psi-js.ts";

const NAME = "psi-unbalanced-10k-3M";
const ITEMS = 10_000;
const SET_UP_ITEMS = 2 ** 16;
const MAIN = fileURLToPath(new URL("./unbalanced-main.ts", import.meta.url));
const MIB = 2 ** 20;

interface Asked {
  readonly callerMicros: number;
  readonly domainMicros: number;
  readonly bytes: number;
  readonly peakBytes: number;
}

async function main<T>(...args: string[]): Promise<T> {
  // Kernels are worth optimising at once: they run for seconds.
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-liftoff", MAIN, ...args]);
  return JSON.parse(stdout) as T;
}

/** All of them. */
export async function unbalancedRows(progress: (line: string) => void): Promise<Row[]> {
  progress(NAME);
  const folder = await mkdtemp(join(tmpdir(), "sluice-psi-"));
  try {
    const peer = await psiJsOnline(progress);
    const filter = await main<{ bytes: number }>("fit", folder);
    const runs: Asked[] = [];
    const ours = async (): Promise<number> => {
      const run = await main<Asked>("ask", folder);
      runs.push(run);
      const micros = (run.callerMicros + run.domainMicros) / ITEMS;
      progress(`${NAME}: ${micros} µs`);
      return micros;
    };
    const row = await compare({ name: NAME, n: ITEMS, unit: "µs/item", better: "lower", peer: PSI_JS }, ours, peer);
    const { micros } = await main<{ micros: number }>("set-up");
    const middle = (of: (run: Asked) => number): number => median(runs.map(of));
    const value = (name: string, n: number, of: number, unit: string): Row => ({
      name: `${NAME} ${name}`,
      n,
      value: Number(of.toPrecision(3)),
      unit,
    });
    return [
      row,
      value("caller", ITEMS, middle(({ callerMicros }) => callerMicros) / ITEMS, "µs/item"),
      value("domain", ITEMS, middle(({ domainMicros }) => domainMicros) / ITEMS, "µs/item"),
      value("traffic", ITEMS, middle(({ bytes }) => bytes) / ITEMS, "bytes/item"),
      value("filter", 3_000_000, filter.bytes / MIB, "MiB"),
      value("peak memory", ITEMS, middle(({ peakBytes }) => peakBytes) / MIB, "MiB"),
      value("set-up", SET_UP_ITEMS, micros / SET_UP_ITEMS, "µs/item"),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
