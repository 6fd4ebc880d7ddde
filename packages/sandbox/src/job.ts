/** What a developer writes: `export default defineJob({ … })`. The types of `rows` and of what the functions
 *  return follow from `input` and `outputs`. Runs inside the isolate, so it loads nothing.
 *  @module */
import type { Column, ColumnType, LinearModel, OutputSpec } from "@sluice/protocol";

/** Columns a job reads, with their type after the policy's transforms. */
export type JobInput = Readonly<Record<string, ColumnType>>;

/** An output as a job declares it. Lists may be `as const`. */
export type JobOutputSpec =
  | { readonly kind: "metrics"; readonly keys: readonly string[] }
  | { readonly kind: "linear-model"; readonly maxParameters: number }
  | { readonly kind: "labels"; readonly vocabulary: readonly string[] };

/** Outputs by name. */
export type JobOutputs = Readonly<Record<string, JobOutputSpec>>;

/** The table: `rows.age.values` is a typed array of `rows.rowCount` entries; null entries are zero and have
 *  a zero bit in `validity`. */
export type JobRows<I extends JobInput> = { readonly rowCount: number } & {
  readonly [K in keyof I]: Readonly<Extract<Column, { type: I[K] }>>;
};

/** What a job may tell while it runs. */
export interface JobContext {
  /** Done so far, 0 to 1. Told in whole percents, and in steps of 5 in production. */
  readonly progress: (fraction: number) => void;
  /** A line for the developer: at most 500 lines of 200 characters, and none in production. */
  readonly log: (...values: unknown[]) => void;
}

/** A model to release: weights in the order of `features`. */
export interface ModelResult {
  readonly features: readonly string[];
  readonly weights: readonly number[] | Float64Array;
  readonly intercept: number;
}

/** What a job returns for one declared output. */
export type OutputResult<S extends JobOutputSpec> = S extends { kind: "metrics"; keys: readonly (infer K)[] }
  ? { readonly [P in K & string]: number }
  : S extends { kind: "linear-model" }
    ? ModelResult
    : Uint8Array;

type Released<O extends JobOutputs> = {
  readonly [K in keyof O as O[K]["kind"] extends "labels" ? never : K]: OutputResult<O[K]>;
};
type Served<O extends JobOutputs> = {
  readonly [K in keyof O as O[K]["kind"] extends "labels" ? K : never]: OutputResult<O[K]>;
};

/** A job: what it reads, what it returns, and how. */
export interface JobDefinition<I extends JobInput, O extends JobOutputs> {
  /** Short name: lower case, digits and `-`. */
  readonly name: string;
  /** Purpose that the grant must name. */
  readonly purpose: string;
  readonly input: I;
  readonly outputs: O;
  /** Limits below those of the environment; a larger one changes nothing. */
  readonly limits?: { readonly wallTimeLimitMs: number };
  /** Computes the released outputs on the desensitised sample. */
  develop(rows: JobRows<I>, context: JobContext): Released<O> | Promise<Released<O>>;
  /** Computes the served outputs on every row, with the released model (as the guard rounded it). Needed when
   *  a labels output is declared. */
  produce?(rows: JobRows<I>, model: Readonly<LinearModel>, context: JobContext): Served<O> | Promise<Served<O>>;
}

/** Declares a job. Returns its argument; the sandbox reads the manifest from it.
 *  @throws TypeError when a column is called `rowCount`, or labels are declared without `produce`. */
export function defineJob<const I extends JobInput, const O extends JobOutputs>(
  definition: JobDefinition<I, O>,
): JobDefinition<I, O> {
  if ("rowCount" in definition.input) throw new TypeError("no column may be called rowCount");
  const kinds: OutputSpec["kind"][] = Object.values(definition.outputs).map(({ kind }) => kind);
  if (kinds.includes("labels") && definition.produce === undefined) {
    throw new TypeError("a job with a labels output needs produce()");
  }
  return definition;
}
