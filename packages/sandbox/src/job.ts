/** What a developer writes: `export default defineJob({ … })`. The types of `rows` and of what the functions
 *  return follow from `input` and `outputs`. Runs inside the isolate, so it loads nothing.
 *  @module */
import type {
  Column,
  ColumnType,
  ContributionBound,
  JobRead,
  ModelKind,
  ModelLink,
  OutputSpec,
  PrivacyLoss,
  KeyType,
  PsiKind,
  ReleasedModel,
  ScoreLink,
} from "@sluice/protocol";
import type { SumOutput } from "./sum-output.ts";
import type { SquareNetworkOutput, SquareNetworkResult } from "./job-network.ts";

export type { SquareNetworkOutput, SquareNetworkResult };

/** Columns a job reads, with their type after the policy's transforms. */
export type JobInput = Readonly<Record<string, ColumnType>>;

/** What a model predicts: an input column, and how its prediction follows from the sum. */
export type PredictedTarget =
  | { readonly target: string; readonly link: ModelLink }
  | { readonly target?: never; readonly link?: ModelLink };

/** An output as a job declares it. Lists may be `as const`. */
export type JobOutputSpec =
  | { readonly kind: "metrics"; readonly keys: readonly string[] }
  | ({
      readonly kind: "linear-model";
      readonly maxParameters: number;
    } & PredictedTarget)
  | ({
      readonly kind: "tree-model";
      readonly maxTrees: number;
      /** Of each tree. */
      readonly maxLeaves: number;
    } & PredictedTarget)
  | {
      readonly kind: "scorecard";
      /** Of all columns, those for missing values among them. */
      readonly maxBins: number;
      readonly target?: string;
    }
  | { readonly kind: "clusters"; readonly maxClusters: number }
  | { readonly kind: "labels"; readonly vocabulary: readonly string[] }
  | {
      readonly kind: "set";
      readonly match: PsiKind;
      /** By what callers join their rows: of one key every part must be equal, of several keys one. Columns are the grant's key, or others
       *  that the grant lets callers join by; without it, the key's text exactly. */
      readonly keys?: readonly (readonly { readonly field?: string; readonly type: KeyType }[])[];
      /** Of `psi-cardinality`: ε of one count, and of all counts of one caller over one state of the table, as decimals. */
      readonly privacy?: { readonly epsilon: string; readonly budget: string };
      /** Of `psi-ids`: whether lists are much shorter than the set, as usual, or about as long. */
      readonly sides?: "unequal" | "equal";
    }
  | SumOutput
  | { readonly kind: "score"; readonly featureBound: number; readonly link: ScoreLink }
  | SquareNetworkOutput
  | {
      readonly kind: "table";
      readonly dimensions: readonly { readonly name: string; readonly levels: readonly string[] }[];
      readonly measures: readonly string[];
    }
  | NoisyTableOutput
  | DatasetOutput
  | HiddenSelectionOutput;

/** Rows of the certified sample of the grant's policy. The domain takes them from this declaration alone. */
export interface DatasetOutput {
  readonly kind: "dataset";
  /** Input columns that callers see. */
  readonly fields: readonly string[];
  /** Days for which a caller may read it. */
  readonly days: number;
}

/** Noisy sums over groups that callers select without saying which. The domain forms the groups from this declaration alone. */
export interface HiddenSelectionOutput {
  readonly kind: "hidden-selection";
  readonly dimensions: NoisyTableOutput["dimensions"];
  /** Fewest groups that are selected, and fewest that are left out unless all are selected. */
  readonly minimumGroups: number;
  /** What of one person counts. */
  readonly contribution: Readonly<ContributionBound>;
  /** Rows are counted: ε of each count as a decimal, and the most that all groups together can have. */
  readonly rows: { readonly epsilon: string; readonly most: number };
  /** Columns that are summed, as those of a noisy table; each with ε of a sum, and the most that one can be by magnitude. */
  readonly measures: readonly (NoisyTableOutput["measures"][number] & {
    readonly epsilon: string;
    readonly most: number;
  })[];
}

/** A table under differential privacy. The domain makes it from this declaration alone: no function returns it. */
export interface NoisyTableOutput {
  readonly kind: "noisy-table";
  readonly dimensions: readonly ({
    readonly name: string;
    /** Input column that is grouped. */
    readonly field: string;
    readonly levels: readonly string[];
  } & (
    | { /** By text, the index of its level. */ readonly values: Readonly<Record<string, number>> }
    | { /** Numbers at which the next level begins. */ readonly breaks: readonly number[] }
  ))[];
  /** Columns that are summed, clamped to [min, max] and rounded to `digits` decimals. */
  readonly measures: readonly {
    readonly name: string;
    readonly field: string;
    readonly min: number;
    readonly max: number;
    readonly digits: number;
  }[];
  /** What of one person counts. */
  readonly contribution: Readonly<ContributionBound>;
  /** Price of the whole table. */
  readonly loss: Readonly<PrivacyLoss>;
}

/** Outputs by name. */
export type JobOutputs = Readonly<Record<string, JobOutputSpec>>;

/** The table: `rows.age.values` is a typed array of `rows.rowCount` entries; null entries are zero and have
 *  a zero bit in `validity`. */
export type JobRows<I extends JobInput> = JobBatch<I> & BatchedRows<I>;

/** Some rows, in the form of the whole table. After the function that was given it has returned, its arrays are empty. */
export type JobBatch<I extends JobInput> = { readonly rowCount: number } & {
  readonly [K in keyof I]: Readonly<Extract<Column, { type: I[K] }>>;
};

/** The table of a job that declares `read: "batches"`: there is no size at which it does not fit. */
export type BatchedRows<I extends JobInput> = {
  readonly rowCount: number;
  /** Gives `use` all rows in order, 65,536 at a time, with the number of the first of them; as often as it is called. Each
   *  batch is gone when `use` returns, so `use` must not be async. */
  readonly forEachBatch: (use: (batch: JobBatch<I>, firstRow: number) => undefined) => void;
};

/** What `develop` and `produce` are given, by what the job declares. */
export type RowsOf<I extends JobInput, R extends JobRead> = R extends "batches" ? BatchedRows<I> : JobRows<I>;

/** Params as a job declares them. Lists may be `as const`. */
export type JobParams = Readonly<
  Record<
    string,
    | { readonly type: "number" | "int"; readonly min: number; readonly max: number; readonly default: number }
    | { readonly type: "choice"; readonly of: readonly string[]; readonly default: string }
  >
>;

/** What a run was given: numbers, and words of the declared lists. */
export type ParamsOf<P extends JobParams> = {
  readonly [K in keyof P]: P[K] extends { type: "choice"; of: readonly (infer W)[] } ? W : number;
};

/** What a job is given beside its rows, and may tell while it runs. */
export interface JobContext<P extends JobParams = JobParams> {
  /** A value for every declared param. */
  readonly params: ParamsOf<P>;
  /** A number for the developer, by a name of letters, digits, `_` and `-`: at most 1,000, and none in production. */
  readonly metric: (name: string, value: number) => void;
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

/** Numbers of a model. */
export type ModelNumbers = readonly number[] | Float64Array | Int32Array;

/** Trees to release: see `TreeModel` of the protocol for what the arrays of a tree mean. */
export interface TreeModelResult {
  readonly link: ModelLink;
  readonly features: readonly string[];
  readonly base: number;
  readonly trees: readonly {
    readonly [P in "feature" | "threshold" | "left" | "right" | "value"]: ModelNumbers;
  }[];
}

/** A scorecard to release: points by bin of each column, `breaks` for a number and `levels` for a text. */
export interface ScorecardResult {
  readonly intercept: number;
  readonly items: readonly ({ readonly column: string; readonly points: ModelNumbers } & (
    | { readonly breaks: readonly number[] }
    | { readonly levels: readonly (readonly string[])[] }
  ))[];
}

/** Clusters to release: centres in the space of (x - mean) / scale. */
export interface ClustersResult {
  readonly features: readonly string[];
  readonly means: ModelNumbers;
  readonly scales: ModelNumbers;
  readonly centres: readonly ModelNumbers[];
}

/** What a job returns for a model, by kind. */
interface ModelResults {
  readonly "linear-model": ModelResult;
  readonly "tree-model": TreeModelResult;
  readonly scorecard: ScorecardResult;
  readonly clusters: ClustersResult;
}

/** What a job returns for a table, row by row; the guard groups and counts. */
export interface TableResult<D extends string = string, M extends string = string> {
  /** By dimension, for each row the index of its level, or 255 (`NO_LEVEL` of the kit) when it is in no group. */
  readonly dimensions: { readonly [P in D]: Uint8Array };
  /** By measure, for each row its number, or NaN when it has none. */
  readonly measures: { readonly [P in M]: Float64Array };
}

/** What a job returns for one declared output: labels are codes of the vocabulary, a set has 1 for each member row and
 *  0 for the others, and a score, a sum, a noisy table, a data set or sums of groups are returned by nobody. */
export type OutputResult<S extends JobOutputSpec> = S extends { kind: "metrics"; keys: readonly (infer K)[] }
  ? { readonly [P in K & string]: number }
  : S extends { kind: infer K extends ModelKind }
    ? ModelResults[K]
    : S extends { kind: "table"; dimensions: readonly { name: infer D }[]; measures: readonly (infer M)[] }
      ? TableResult<D & string, M & string>
      : S extends { kind: "square-network" }
        ? SquareNetworkResult
        : S extends { kind: "labels" | "set" }
          ? Uint8Array
          : never;

type ReleasedKind = "metrics" | ModelKind;
type ProducedKind = "labels" | "set" | "table" | "square-network";
type KindOf<O extends JobOutputs> = O[keyof O]["kind"];

type OutputsOf<O extends JobOutputs, Kind extends OutputSpec["kind"]> = {
  readonly [K in keyof O as O[K]["kind"] extends Kind ? K : never]: OutputResult<O[K]>;
};

/** The released model as the guard rounded it, of the declared kind; `undefined` in a job that releases none. A linear model has the
 *  link that the job declares beside it. */
export type ReleasedModelOf<O extends JobOutputs> = [KindOf<O> & ModelKind] extends [never]
  ? undefined
  : Readonly<Extract<ReleasedModel, { kind: KindOf<O> }>> &
      ([KindOf<O> & "linear-model"] extends [never] ? unknown : { readonly link?: ModelLink });

/** Computes the served outputs on every row. */
type Produce<I extends JobInput, O extends JobOutputs, P extends JobParams, R extends JobRead> = (
  rows: RowsOf<I, R>,
  model: ReleasedModelOf<O>,
  context: JobContext<P>,
) => OutputsOf<O, ProducedKind> | Promise<OutputsOf<O, ProducedKind>>;

/** A job: what it reads, what it returns, and how. */
export type JobDefinition<
  I extends JobInput,
  O extends JobOutputs,
  P extends JobParams = JobParams,
  R extends JobRead = "columns",
> = {
  /** Short name: lower case, digits and `-`. */
  readonly name: string;
  /** Purpose that the grant must name. */
  readonly purpose: string;
  readonly input: I;
  /** `"batches"` when it reads with `forEachBatch` alone: its memory then holds some rows at a time, and the table may
   *  have any size. Without it, columns of 2 GiB in all are the most. */
  readonly read?: R;
  readonly outputs: O;
  /** Numbers within bounds, and words of closed lists, that a run is given: `sluice job submit --param name=value`. */
  readonly params?: P;
  /** What a run may use, instead of what is usual; each environment has its largest (docs/runs.md). */
  readonly limits?: {
    readonly wallTimeLimitMs?: number;
    readonly memoryLimitBytes?: number;
    /** Size of the bundle, when it is above 1 MiB: 5 MiB at most. */
    readonly bundleLimitBytes?: number;
  };
  /** Computes the released outputs on the desensitised sample. */
  develop(rows: RowsOf<I, R>, context: JobContext<P>): OutputsOf<O, ReleasedKind> | Promise<OutputsOf<O, ReleasedKind>>;
  /** Computes the served outputs on every row, with the released model when there is one. Needed for labels, a set, a
   *  table and a model with a hidden layer; a score is served from the released model alone, a noisy table from its declaration. */
} & ([KindOf<O> & ProducedKind] extends [never]
  ? { readonly produce?: undefined }
  : { readonly produce: Produce<I, O, P, R> });

/** Declares a job. Returns its argument; the sandbox reads the manifest from it.
 *  @throws TypeError when a column is called `rowCount` or `forEachBatch`, or an output that `produce` returns is declared without it. */
export function defineJob<
  const I extends JobInput,
  const O extends JobOutputs,
  const P extends JobParams = JobParams,
  const R extends JobRead = "columns",
>(definition: JobDefinition<I, O, P, R>): JobDefinition<I, O, P, R> {
  for (const name of ["rowCount", "forEachBatch"]) {
    if (name in definition.input) throw new TypeError(`no column may be called ${name}`);
  }
  const produced = Object.values(definition.outputs).find(
    ({ kind }) => kind === "labels" || kind === "set" || kind === "table" || kind === "square-network",
  );
  if (produced !== undefined && definition.produce === undefined) {
    throw new TypeError(`a job with a ${produced.kind} output needs produce()`);
  }
  return definition;
}
