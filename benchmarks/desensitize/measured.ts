/** Processor time and memory of work in a process of its own: every thread of the engine counts, and nothing of the
 *  harness does. A script named `*-main.ts` in this folder does the work inside `reportUsage`.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { median, MIN_PAIRS, type Row } from "../suite.ts";

/** What one run took. */
export interface Usage {
  /** Seconds of processor time, of all threads, user and system. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Most memory that the process held at any time, in bytes, from its start. */
  readonly peakBytes: number;
  /** What else the script measured. */
  readonly facts: Readonly<Record<string, number>>;
}

/** In the measured process: does `work`, then prints what it took. Loading modules is not counted; `facts` is what
 *  `work` returns. */
export async function reportUsage(work: () => Promise<Readonly<Record<string, number>> | void>): Promise<void> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const facts = (await work()) ?? {};
  const { user, system } = process.cpuUsage(cpu);
  const usage: Usage = {
    cpuSeconds: (user + system) / 1e6,
    wallSeconds: (performance.now() - started) / 1_000,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
    facts,
  };
  process.stdout.write(`${JSON.stringify(usage)}\n`);
}

/** Runs `script` of this folder in a process of its own. @throws Error when it fails. */
export async function runMeasured(script: string, parameters: readonly string[]): Promise<Usage> {
  const path = fileURLToPath(new URL(`./${script}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...parameters], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${script} ended with ${String(code)}`);
  return JSON.parse(printed.trim().split("\n").at(-1) ?? "") as Usage;
}

/** Medians of a comparison. */
export interface CpuComparison {
  /** `value` is the processor time of ours as a multiple of the peer's: the median of the pairs' multiples. */
  readonly row: Row;
  /** Medians of ours. */
  readonly ours: Usage;
  readonly peer: Usage;
}

/** Measures ours and the peer alternately, in pairs, swapping who goes first. There is no pair to warm up: each run is
 *  a process of its own, and the first pair only fills the cache of files. */
export async function compareCpu(
  row: { readonly name: string; readonly n: number; readonly peer: string; readonly pairs?: number },
  ours: () => Promise<Usage>,
  peer: () => Promise<Usage>,
): Promise<CpuComparison> {
  const mine: Usage[] = [];
  const theirs: Usage[] = [];
  for (let pair = 0; pair < Math.max(row.pairs ?? MIN_PAIRS, MIN_PAIRS); pair++) {
    if (pair % 2 === 0) theirs.push(await peer());
    mine.push(await ours());
    if (pair % 2 !== 0) theirs.push(await peer());
  }
  const multiples = mine.map(({ cpuSeconds }, i) => cpuSeconds / (theirs[i]?.cpuSeconds ?? Number.NaN));
  const multiple = median(multiples);
  return {
    row: {
      name: row.name,
      n: row.n,
      value: rounded(multiple),
      unit: "× CPU",
      peer: row.peer,
      peerValue: 1,
      ratio: rounded(1 / multiple),
    },
    ours: medianUsage(mine),
    peer: medianUsage(theirs),
  };
}

/** Medians of several runs, each member alone. */
export function medianUsage(usages: readonly Usage[]): Usage {
  const names = Object.keys(usages[0]?.facts ?? {});
  return {
    cpuSeconds: median(usages.map((usage) => usage.cpuSeconds)),
    wallSeconds: median(usages.map((usage) => usage.wallSeconds)),
    peakBytes: median(usages.map((usage) => usage.peakBytes)),
    facts: Object.fromEntries(
      names.map((name) => [name, median(usages.map((usage) => usage.facts[name] ?? Number.NaN))]),
    ),
  };
}

/** Three significant digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
