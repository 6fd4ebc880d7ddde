/** Noisy tables from rows: groups by public facts, a bounded share of each person, exact sums of whole numbers, exact noise.
 *  Reads rows where no user code is; what leaves is differentially private for persons, so nothing is suppressed or rounded.
 *  @see Casacuberta et al., Widespread Underestimation of Sensitivity in Differentially Private Libraries (2022): sums of
 *  floating-point numbers are not used
 *  @module */
import { tableCells, type ColumnBatch, type NoisyTable, type NoisyTableSpec } from "@sluice/protocol";
import { boundContributions } from "../privacy/bound-contributions.ts";
import { costOf, noiseFor } from "../privacy/noise.ts";
import type { RandomWords } from "../privacy/random-words.ts";
import { cellsOf, columnOf, largestUnit, sumUnits } from "./bounded-sums.ts";
import { levelsOfCell } from "./cells.ts";

/** The table of `spec` over `rows`, of which `subjects[i]` says whom row i is about: numbers below the number of rows.
 *  @throws ERR_PRIVACY_PARAMETER; ERR_JOB_MANIFEST when a column is missing or of another type */
export function noisyTable(
  rows: ColumnBatch,
  subjects: Uint32Array,
  spec: NoisyTableSpec,
  words: RandomWords,
): NoisyTable {
  const { measures, contribution, loss } = spec;
  const parts = 1 + measures.length;
  const noise = {
    rows: noiseFor(loss, contribution, 1n, parts),
    sums: measures.map((measure) => noiseFor(loss, contribution, largestUnit(measure), parts)),
  };
  const cellCount = tableCells(spec.dimensions);
  const cellOf = boundContributions(cellsOf(rows, spec.dimensions), cellCount, subjects, contribution, words);

  const counts = new Float64Array(cellCount);
  for (const cell of cellOf) if (cell < cellCount) counts[cell] = (counts[cell] ?? 0) + 1;
  const sums = measures.map((measure) => sumUnits(columnOf(rows, measure.field), measure, cellOf, cellCount));

  const cells = Array.from(counts, (count, cell) => ({
    at: levelsOfCell(cell, spec),
    rows: saturated(BigInt(count) + noise.rows.sample(words)),
    sums: Object.fromEntries(
      measures.map(({ name, digits }, i) => {
        const units = (sums[i]?.[cell] ?? 0n) + (noise.sums[i]?.sample(words) ?? 0n);
        return [name, decimal(units, digits)];
      }),
    ),
  }));
  return {
    ...spec,
    cells,
    standardErrors: {
      rows: noise.rows.standardError,
      sums: Object.fromEntries(
        measures.map(({ name, digits }, i) => [name, (noise.sums[i]?.standardError ?? 0) / 10 ** digits]),
      ),
    },
    cost: String(costOf(loss)),
  };
}

function saturated(count: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(count > most ? most : count < -most ? -most : count);
}

function decimal(units: bigint, digits: number): string {
  const text = (units < 0n ? -units : units).toString().padStart(digits + 1, "0");
  const fraction = digits === 0 ? "" : `.${text.slice(-digits)}`;
  return `${units < 0n ? "-" : ""}${text.slice(0, text.length - digits)}${fraction}`;
}
