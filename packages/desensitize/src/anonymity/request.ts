/** What an anonymisation is asked for, and what is refused before or after rows are counted.
 *  @module */
import { SluiceError, type AnonymityModel } from "@sluice/protocol";
import type { ColumnHierarchy } from "./dimension.ts";
import type { Subjects } from "./incidence.ts";
import type { TupleSource } from "./tuples.ts";

/** A column whose values must not follow from a class. */
export interface SensitiveColumn {
  readonly name: string;
  /** Whether the distance between its values counts for t, as with amounts. Text is in the order of its code units. */
  readonly ordered: boolean;
}

/** What to reach, and how far to go for it. */
export interface AnonymityRequest {
  readonly quasi: readonly string[];
  /** By column. A column without one stays as it is, or becomes `*` whole under `full-domain`. */
  readonly hierarchies: Readonly<Record<string, ColumnHierarchy>>;
  readonly model: AnonymityModel;
  /** Persons of each class, at least. */
  readonly k: number;
  /** Share of the rows that may be left out. */
  readonly suppressionLimit: number;
  readonly subjects?: Subjects | undefined;
  readonly sensitive?: readonly SensitiveColumn[] | undefined;
  /** The whole table's quasi-identifiers as the batch has them, by rows or by distinct tuples with weights. Needed for
   *  `delta` alone. */
  readonly population?: Pick<TupleSource, "batch" | "subjects" | "weights"> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Lets others run, so that `signal` can fire. Called between steps; may report progress. */
  readonly onStep?:
    | ((progress: { readonly checks: number; readonly nodes: number }) => Promise<void> | void)
    | undefined;
}

/** Demands that nothing could meet are refused before a row is counted. */
export function checkRequest({ model, sensitive = [], population, signal }: AnonymityRequest): void {
  refuseAborted(signal);
  for (const demand of ["l", "entropyL", "t"] as const) {
    if (model[demand] !== undefined && sensitive.length === 0) {
      throw new SluiceError("ERR_POLICY", { pointer: `/model/${demand}`, reason: "expected a sensitive column" });
    }
  }
  if (model.delta === undefined || population !== undefined) return;
  const reason = "expected the counts of the whole table";
  throw new SluiceError("ERR_POLICY", { pointer: "/model/delta", reason });
}

/** Names what was declared, and nothing that was counted: how near the rows come to the model is told by the rows. */
export function refusal({
  k,
  suppressionLimit: limit,
  model,
}: Pick<AnonymityRequest, "k" | "suppressionLimit" | "model">): SluiceError {
  const asked = (["l", "entropyL", "t", "delta"] as const).filter((demand) => model[demand] !== undefined);
  if (asked.length === 0) return new SluiceError("ERR_SAMPLE_K", { k, limit });
  return new SluiceError("ERR_SAMPLE_MODEL", { demands: ["k", ...asked].join(", "), limit });
}

/** @throws ERR_CANCELLED when `signal` has fired. */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
}
