/** The rows `psi-balanced-2^20`: an intersection of two million entries by oblivious transfer, beside one by a published library
 *  and beside the multiplications alone that one by Diffie–Hellman takes; without the check; growth with `SLOW=1`.
 *  @module */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compare, median, type Row } from "../suite.ts";
import { PSI_JS, psiJsIds } from "./psi-js.ts";
import { SODIUM_ECDH, sodiumEcdh } from "./sodium-native.ts";

const NAME = "psi-balanced-2^20";
const ITEMS = 2 ** 20;
const MAIN = fileURLToPath(new URL("./balanced-main.ts", import.meta.url));
const MIB = 2 ** 20;
/** Exponents of the sizes of growth. */
export const GROWTH: readonly number[] = process.env["SLOW"] === "1" ? [14, 16, 18, 22, 23] : [];

interface Measured {
  readonly items: number;
  readonly callerMicros: number;
  readonly domainMicros: number;
  readonly bytes: number;
  readonly peakBytes: number;
}

async function intersect(items: number, ...more: string[]): Promise<Measured> {
  // Kernels are worth optimising at once: they run for seconds.
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-liftoff", MAIN, String(items), ...more]);
  return JSON.parse(stdout) as Measured;
}

const perItem = ({ items, callerMicros, domainMicros }: Measured): number => (callerMicros + domainMicros) / items;

/** All of them. */
export async function balancedRows(progress: (line: string) => void): Promise<Row[]> {
  progress(NAME);
  const [psiJs, sodium] = [await psiJsIds(progress), await sodiumEcdh(progress)];
  const runs: Measured[] = [];
  const ours = async (): Promise<number> => {
    const run = await intersect(ITEMS);
    runs.push(run);
    progress(`${NAME}: ${perItem(run)} µs`);
    return perItem(run);
  };
  const row = { name: NAME, n: ITEMS, unit: "µs/item", better: "lower" } as const;
  const rows = [await compare({ ...row, peer: PSI_JS }, ours, psiJs)];
  rows.push(await compare({ ...row, peer: SODIUM_ECDH }, ours, sodium));
  const unchecked = await intersect(ITEMS, "unchecked");
  const middle = (of: (run: Measured) => number): number => Number(median(runs.map(of)).toPrecision(3));
  const value = (name: string, unit: string, of: number): Row => ({
    name: `${NAME} ${name}`,
    n: ITEMS,
    value: of,
    unit,
  });
  rows.push(
    value(
      "caller",
      "µs/item",
      middle(({ callerMicros }) => callerMicros / ITEMS),
    ),
    value(
      "domain",
      "µs/item",
      middle(({ domainMicros }) => domainMicros / ITEMS),
    ),
    value("unchecked", "µs/item", Number(perItem(unchecked).toPrecision(3))),
    value(
      "traffic",
      "bytes/item",
      middle(({ bytes }) => bytes / ITEMS),
    ),
    value(
      "peak memory",
      "MiB",
      middle(({ peakBytes }) => peakBytes / MIB),
    ),
  );
  for (const exponent of GROWTH) {
    const run = await intersect(2 ** exponent);
    const name = `psi-balanced-2^${exponent}`;
    progress(`${name}: ${perItem(run)} µs`);
    const grown = (of: string, figure: number, unit: string): Row => ({
      name: `${name}${of}`,
      n: run.items,
      value: Number(figure.toPrecision(3)),
      unit,
    });
    rows.push(grown("", perItem(run), "µs/item"), grown(" traffic", run.bytes / run.items, "bytes/item"));
    rows.push(grown(" peak memory", run.peakBytes / MIB, "MiB"));
  }
  return rows;
}
