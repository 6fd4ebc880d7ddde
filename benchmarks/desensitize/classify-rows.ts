/** Rows of classification: seconds from a file to the findings on its sixteen columns.
 *  @module */
import type { Row } from "../suite.ts";
import type { Bench } from "./bench.ts";
import { medianUsage, rounded, runMeasured, type Usage } from "./measured.ts";

const RUNS = 3;

/** The generated people, classified. */
export async function classifyRows(bench: Bench): Promise<Row[]> {
  const { rows, label } = bench;
  const file = await bench.people();
  const runs: Usage[] = [];
  for (let run = 0; run < RUNS; run++) {
    bench.progress(`classify ${run + 1} of ${RUNS}`);
    runs.push(await runMeasured("classify-main.ts", [file]));
  }
  const { wallSeconds, cpuSeconds } = medianUsage(runs);
  return [
    { name: `classify-${label}`, n: rows, value: rounded(wallSeconds), unit: "s" },
    { name: `classify-${label}, processor time`, n: rows, value: rounded(cpuSeconds), unit: "CPU s" },
  ];
}
