/** One run of a job on the developer's machine: the sandbox and the guard of a domain, on rows that describe nobody.
 *  `produce` gets the model as the guard rounded it, as it will in a build.
 *  @module */
import { systemRandom } from "@sluice/client";
import { checkOutput, featureLevels, synthesize, type SyntheticSource } from "@sluice/desensitize";
import {
  isModel,
  isProducedKind,
  isSluiceError,
  runAllowance,
  SluiceError,
  type Bytes,
  type CheckedOutput,
  type ColumnBatch,
  type GuardFinding,
  type JobEvent,
  type JobManifest,
  type JobOutput,
  type NoisyTable,
  type ParamValues,
  type Policy,
  type ReleasedModel,
  type SandboxRunner,
} from "@sluice/protocol";
import { locateReason, type SourcePlace } from "@sluice/sandbox";
import type { DevelopmentBundle } from "@sluice/sandbox/bundle";
import { readJobOutput } from "@sluice/sandbox/output";
import { planNoisyTables } from "./planned-noise.ts";
import { planSelections, type PlannedSelection } from "./planned-selection.ts";
import { planNetworkOutput, planScoreOutput, type PlannedScore } from "./planned-score.ts";
import { buildRows } from "./row-counts.ts";

/** A coded error, with its place in the developer's source when it has one. */
export interface LocatedError {
  readonly error: SluiceError;
  readonly place: SourcePlace | null;
}

/** A number that a job told by `context.metric`. */
export interface ToldMetric {
  readonly name: string;
  readonly value: number;
}

/** What became of one function of the job. */
export interface EntryReport {
  readonly entry: "develop" | "produce";
  /** Synthetic rows that it read. */
  readonly rows: number;
  readonly wallMs: number;
  readonly layers: readonly string[];
  readonly log: readonly string[];
  /** Numbers that it told, in their order. */
  readonly metrics: readonly ToldMetric[];
  /** Every rule the guard applied; none when the output could not be read. */
  readonly findings: readonly GuardFinding[];
  /** What the job returned. */
  readonly returned: JobOutput | null;
  /** What of it may go on. */
  readonly output: CheckedOutput | null;
  /** How the model would be served under encryption: after `develop` of a job that declares a score, after `produce` of one whose model stays. */
  readonly score: PlannedScore | null;
  /** Noisy tables that the domain would make, here of synthetic rows, by output; after `develop`. */
  readonly noisy: Readonly<Record<string, NoisyTable>>;
  /** Products of hidden selections that the domain would form, here of synthetic rows, by output; after `develop`. */
  readonly selections: Readonly<Record<string, PlannedSelection>>;
  readonly failure: LocatedError | null;
}

/** How to run. */
export interface LocalRunOptions {
  readonly runner: SandboxRunner;
  readonly source: SyntheticSource;
  /** Rows of the sample; a build reads more when groups are counted, unless rows are `exact`. */
  readonly rows: number;
  readonly exact: boolean;
  readonly seed: number;
  readonly params: ParamValues;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: JobEvent) => void;
}

/** Runs `develop`, and then `produce` when the job has one and everything that it needs passed the guard. */
export async function runLocally(
  job: DevelopmentBundle,
  manifest: JobManifest,
  options: LocalRunOptions,
): Promise<EntryReport[]> {
  const { source, rows, exact, seed } = options;
  const names = Object.keys(manifest.input);
  const sample = synthesize(source, names, { rows, seed });
  // Persons whom the model never saw.
  const heldOut = synthesize(source, names, { rows, seed: seed + 2 });
  const developed = await runEntry(job, manifest, { entry: "develop", table: sample, heldOut }, options);
  const model = modelOf(developed.output);
  const planned = withDeclared(await withScore(developed, manifest, model), manifest, sample, source.policy.k);
  const kinds = Object.values(manifest.outputs).map(({ kind }) => kind);
  if (!kinds.some(isProducedKind) || planned.output === null) return [planned];
  // A build reads other rows than the sample.
  const built = { rows: exact ? rows : buildRows(manifest, source.resource, rows), seed: seed + 1 };
  const table = synthesize(source, names, built);
  const produced = await runEntry(job, manifest, { entry: "produce", table, model }, options);
  const { output } = produced;
  return [planned, output === null ? produced : await withPlan(produced, () => planNetworkOutput(manifest, output))];
}

async function withScore(
  report: EntryReport,
  manifest: JobManifest,
  model: ReleasedModel | undefined,
): Promise<EntryReport> {
  if (model?.kind !== "linear-model") return report;
  return await withPlan(report, () => planScoreOutput(manifest, model));
}

async function withPlan(report: EntryReport, plan: () => Promise<PlannedScore | null>): Promise<EntryReport> {
  try {
    return { ...report, score: await plan() };
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return { ...report, failure: { error, place: null } };
  }
}

/** With what the domain makes of the declaration alone. */
function withDeclared(report: EntryReport, manifest: JobManifest, rows: ColumnBatch, k: number): EntryReport {
  if (report.failure !== null) return report;
  try {
    const noisy = planNoisyTables(manifest, rows, systemRandom);
    return { ...report, noisy, selections: planSelections(manifest, rows, k, systemRandom) };
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return { ...report, failure: { error, place: null } };
  }
}

/** The error as the developer should read it. */
export function locateError(error: SluiceError, sourceMap: string): LocatedError {
  const { code, details } = error;
  const located = locateReason(String(details["reason"] ?? ""), sourceMap);
  // Nothing was refused by a domain here.
  const reason = details["reason"] === undefined ? {} : { reason: located.reason };
  return { error: new SluiceError(code, { ...details, ...reason }), place: located.place };
}

async function runEntry(
  job: DevelopmentBundle,
  manifest: JobManifest,
  input: Pick<GuardedEntry, "entry" | "table" | "heldOut"> & { readonly model?: ReleasedModel | undefined },
  { runner, source, seed, params, signal, onEvent }: LocalRunOptions,
): Promise<EntryReport> {
  const { entry, table, heldOut, model } = input;
  const log: string[] = [];
  const metrics: ToldMetric[] = [];
  const outcome = await runner.run(
    {
      bundle: job.code,
      entry,
      // Also for produce: lines and positions stay on this machine.
      environment: "development",
      table,
      ...(manifest.read === undefined ? {} : { read: manifest.read }),
      ...(model === undefined ? {} : { model }),
      seed,
      params,
      // Those of a domain: a job that passes here has room there.
      limits: runAllowance(entry === "develop" ? "development" : "production", manifest.limits),
    },
    {
      signal,
      onEvent: (event) => {
        if (event.kind === "log") log.push(event.line);
        if (event.kind === "metric") metrics.push({ name: event.name, value: event.value });
        onEvent?.(event);
      },
    },
  );
  const { wallMs, layers } = outcome;
  const base = {
    entry,
    rows: table.rowCount,
    wallMs,
    layers,
    log,
    metrics,
    score: null,
    noisy: {},
    selections: {},
  } as const;
  if (!outcome.ok) {
    const failure = locateError(new SluiceError(outcome.code, outcome.details), job.sourceMap);
    return { ...base, findings: [], returned: null, output: null, failure };
  }
  const decoded = await runner.decode(outcome.output, manifest, { signal });
  if (!decoded.ok) return { ...base, ...failed(new SluiceError(decoded.code, decoded.details)) };
  return {
    ...base,
    ...guarded(decoded.form, { manifest, table, heldOut, entry, sensitive: sensitiveColumns(source.policy) }),
  };
}

type Guarded = Pick<EntryReport, "findings" | "returned" | "output" | "failure">;

/** What the guard is told beside the output. */
interface GuardedEntry {
  readonly manifest: JobManifest;
  readonly table: ColumnBatch;
  readonly entry: EntryReport["entry"];
  /** Rows of others, for a model. */
  readonly heldOut?: ColumnBatch | undefined;
  readonly sensitive: readonly string[];
}

function sensitiveColumns({ columns }: Policy): string[] {
  return Object.entries(columns).flatMap(([name, { role }]) => (role === "sensitive" ? [name] : []));
}

/** What the domain's guard says of the output, from the same facts. */
function guarded(form: Bytes, { manifest, table, heldOut, entry, sensitive }: GuardedEntry): Guarded {
  let returned: JobOutput;
  try {
    returned = readJobOutput(form, manifest);
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return failed(new SluiceError(error.code, error.details));
  }
  const { rowCount } = table;
  const others = heldOut === undefined ? {} : { heldOut };
  const facts =
    entry === "develop"
      ? ({ rowCount, environment: "development", levels: featureLevels(table), table, sensitive, ...others } as const)
      : ({ rowCount, environment: "production", table, sensitive } as const);
  const verdict = checkOutput(returned, manifest, facts);
  const { findings } = verdict;
  if (verdict.ok) return { findings, returned, output: verdict.output, failure: null };
  return { findings, returned, output: null, failure: { error: refusal(findings), place: null } };
}

function failed(error: SluiceError): Guarded {
  return { findings: [], returned: null, output: null, failure: { error, place: null } };
}

function refusal(findings: readonly GuardFinding[]): SluiceError {
  const first = findings.find(({ result }) => result === "refused");
  const { output = "all", rule = "output-declared", note = "return what the job API returns" } = first ?? {};
  return new SluiceError("ERR_GUARD_OUTPUT", { output, rule, change: note });
}

function modelOf(output: CheckedOutput | null): ReleasedModel | undefined {
  if (output?.class !== "released") return undefined;
  return Object.values(output.values).find(isModel);
}
