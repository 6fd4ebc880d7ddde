/** The noisy tables that a domain would make from a manifest, here of synthetic rows: each is of a person of its own.
 *  @module */
import { noisyTable, RandomWords, tableCost } from "@sluice/desensitize";
import type { ColumnBatch, JobManifest, NoisyTable, NoisyTableSpec, Random } from "@sluice/protocol";

/** By output. @throws ERR_PRIVACY_PARAMETER */
export function planNoisyTables(
  { outputs }: JobManifest,
  rows: ColumnBatch,
  random: Random,
): Readonly<Record<string, NoisyTable>> {
  const subjects = Uint32Array.from({ length: rows.rowCount }, (_, row) => row);
  const planned = (spec: NoisyTableSpec): NoisyTable => {
    tableCost(spec.loss);
    return noisyTable(rows, subjects, spec, new RandomWords(random));
  };
  const tables = Object.entries(outputs).flatMap(([name, spec]): [string, NoisyTable][] =>
    spec.kind === "noisy-table" ? [[name, planned(spec)]] : [],
  );
  return Object.fromEntries(tables);
}
