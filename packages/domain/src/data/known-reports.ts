/** Reports on samples that were measured before. A developer runs many bundles on one sample, and to measure it takes several
 *  readings of the whole table: so a sample that is bit for bit the one of a report, of the same table under the same policy, has
 *  that report. Nothing of a row is kept.
 *  @module */
import { canonicalBytes, concatBytes, sha256, sha256Hex } from "@sluice/protocol";
import type { Bytes, Column, ColumnBatch, RiskReport, Sha256Hex } from "@sluice/protocol";

/** Reports that are kept; the oldest goes first. */
export const MAX_KNOWN_REPORTS = 64;

/** Reports by what they are of. */
export class KnownReports {
  readonly #reports = new Map<Sha256Hex, RiskReport>();

  /** The report on that sample, or undefined. */
  get(sample: Sha256Hex): RiskReport | undefined {
    return this.#reports.get(sample);
  }

  put(sample: Sha256Hex, report: RiskReport): void {
    this.#reports.set(sample, report);
    const [oldest] = this.#reports.keys();
    if (this.#reports.size > MAX_KNOWN_REPORTS && oldest !== undefined) this.#reports.delete(oldest);
  }
}

/** Hash of everything that a report depends on: the rows, whom they are about, and `facts` about table, policy and program. */
export async function sampleDigest(batch: ColumnBatch, subjects: Int32Array, facts: object): Promise<Sha256Hex> {
  const parts = [await sha256(canonicalBytes(facts)), await sha256(bytesOf(subjects))];
  for (const [name, column] of Object.entries(batch.columns)) {
    parts.push(await sha256(canonicalBytes({ name, ...headOf(column), rowCount: batch.rowCount })));
    parts.push(await sha256(bytesOf(column.values)), await sha256(column.validity ?? new Uint8Array(0)));
  }
  return sha256Hex(concatBytes(...parts));
}

function headOf(column: Column): object {
  const valid = column.validity === undefined ? "all" : "some";
  return column.type === "dict"
    ? { type: column.type, valid, dictionary: column.dictionary }
    : { type: column.type, valid };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Bytes {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
