/** The rows of a drawn sample that keep the policy's model, changed as the model says.
 *  @module */
import { setImmediate } from "node:timers/promises";
import {
  anonymize,
  columnHierarchies,
  recodeTuples,
  sensitiveColumns,
  suppressToK,
  type Population,
  type Recoding,
} from "@sluice/desensitize";
import { isSluiceError, SluiceError } from "@sluice/protocol";
import type { AnonymityModel, ColumnBatch, Policy, ResourceDescription, RiskReport } from "@sluice/protocol";

/** Checks after which others run, so that a search can be cancelled. */
const CHECKS_PER_TURN = 8;

/** A sample as it was drawn. */
export interface DrawnSample {
  readonly policy: Policy;
  readonly resource: ResourceDescription;
  readonly fields: readonly string[];
  readonly drawn: ColumnBatch;
  /** Columns of `drawn` by which it is counted, with how many persons of each class. */
  readonly quasi: readonly string[];
  readonly k: number;
  /** Whether that is as the policy counts what is shown: then the gate can tell. */
  readonly alone: boolean;
  /** The person of each row. */
  readonly persons: Int32Array;
  /** Distinct tuples of the whole table; undefined when there are too many, or the model does not look at them. */
  readonly population: Population | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is left of it. */
export interface KeptSample {
  readonly batch: ColumnBatch;
  readonly subjects: Int32Array;
  /** Normalised loss; present when columns may have become coarser. */
  readonly loss?: number;
  /** The model's number for the class of each row, and of each tuple of the whole table; present when columns may have become
   *  coarser. */
  readonly recoded?: { readonly ofRow: Int32Array; readonly ofTuples: (tuples: ColumnBatch) => Int32Array };
  /** What the model found in the classes; absent when it asks for k alone. */
  readonly model?: RiskReport["model"] | "not kept";
}

/** Without a model, and with one that only suppresses to k, however many rows it takes: whether too few are left is the gate's
 *  word. Any other model is kept within the suppression limit; when it cannot be, the rows that were drawn, and the gate says
 *  so. @throws ERR_POLICY, ERR_CANCELLED */
export async function keepModel(sample: DrawnSample): Promise<KeptSample> {
  const { policy, drawn, persons } = sample;
  if (asksForKAlone(policy.model ?? { algorithm: "suppress" })) return suppressed(sample);
  try {
    return await anonymized(sample);
  } catch (error) {
    if (!isSluiceError(error, "ERR_SAMPLE_K") && !isSluiceError(error, "ERR_SAMPLE_MODEL")) throw error;
    return { batch: drawn, subjects: persons, model: "not kept" };
  }
}

async function anonymized(sample: DrawnSample): Promise<KeptSample> {
  const { policy, resource, fields, drawn, quasi, k, persons, population, signal } = sample;
  const { model = { algorithm: "suppress" }, suppressionLimit } = policy;
  const made = await anonymize(drawn, {
    quasi,
    hierarchies: columnHierarchies(policy, resource),
    model,
    k,
    suppressionLimit,
    subjects: persons,
    sensitive: sensitiveColumns(policy, resource, fields),
    population: model.delta === undefined ? undefined : wholeTable(population),
    signal,
    onStep: async ({ checks }) => {
      if (checks % CHECKS_PER_TURN === 0) await setImmediate();
    },
  });
  const { batch, subjects, loss, recoding, classes, l, entropyL, t, delta } = made;
  return {
    batch,
    subjects: subjects ?? persons,
    loss,
    ...(model.algorithm === "suppress"
      ? {}
      : { recoded: { ofRow: classes, ofTuples: (tuples: ColumnBatch) => recodeTuples(recoding, tuples) } }),
    model: {
      algorithm: model.algorithm,
      ...(model.algorithm === "full-domain" ? levelsOf(recoding) : {}),
      ...(l === undefined ? {} : { l }),
      ...(entropyL === undefined ? {} : { entropyL }),
      ...(t === undefined ? {} : { t }),
      ...(delta === undefined ? {} : { delta }),
    },
  };
}

/** The level of each column. */
function levelsOf(recoding: Recoding): { readonly levels?: Readonly<Record<string, number>> } {
  if (recoding.kind !== "levels") return {};
  return { levels: Object.fromEntries(recoding.columns.map(({ name, level }) => [name, level])) };
}

function asksForKAlone({ algorithm, ...demands }: AnonymityModel): boolean {
  return algorithm === "suppress" && Object.values(demands).every((demand) => demand === undefined);
}

/** When k would take all rows, those that were drawn, of which the gate says that they do not keep k. */
function suppressed({ drawn, quasi, k, alone, persons }: DrawnSample): KeptSample {
  try {
    const { batch, subjects } = suppressToK(drawn, quasi, k, 1, persons);
    return { batch, subjects: subjects ?? persons };
  } catch (error) {
    if (!isSluiceError(error, "ERR_SAMPLE_K")) throw error;
    return { batch: drawn, subjects: persons, ...(alone ? {} : { model: "not kept" as const }) };
  }
}

/** Persons with several tuples would be counted in each, and presence would look smaller than it is. */
function wholeTable(population: Population | undefined): { batch: ColumnBatch; weights: Float64Array } {
  const weights = Float64Array.from(population?.persons ?? []);
  const counted = weights.reduce((sum, n) => sum + n, 0);
  if (population === undefined || counted !== population.total) {
    const reason = "the persons of the whole table cannot be counted: expected one row for each, and fewer tuples";
    throw new SluiceError("ERR_POLICY", { pointer: "/model/delta", reason });
  }
  return { batch: population.tuples, weights };
}
