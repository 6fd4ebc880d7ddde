/** What develop and build share: a run of user code in the sandbox whose output went through the guard.
 *  @module */
import {
  type CheckedOutput,
  type ColumnBatch,
  type GuardReport,
  type JobEvent,
  type JobManifest,
  type ModelEvidence,
  type ReleasedModel,
  type Policy,
  runAllowance,
  sha256Hex,
  type Run,
  type Sha256Hex,
  verdictOf,
} from "@sluice/protocol";
import type { DomainConfig } from "../config.ts";
import type { Admitted } from "./admit.ts";
import type { DomainContext } from "./context.ts";
import type { RegisteredOutput } from "../state/output-register.ts";
import type { GuardedRun } from "../work/guarded.ts";
import { CertifiedSample } from "../data/certified-sample.ts";
import { networkSalt } from "./network-salt.ts";
import { inSlot } from "./publication-slot.ts";
import { RunRefused } from "./run-refused.ts";
import { currentRuntime } from "../work/runtime.ts";
import { toldOfHidden } from "./told.ts";

/** A run in execution. */
export interface RunWork {
  readonly run: Run;
  readonly admitted: Admitted;
  readonly signal: AbortSignal;
  readonly onEvent: (event: JobEvent) => void;
}

/** What of it decides its outcome, and who is told of its steps. */
export interface GuardedWork extends Pick<RunWork, "signal" | "onEvent"> {
  readonly run: Pick<Run, "callId" | "bundle"> & { readonly params?: Run["params"] };
  readonly admitted: Pick<Admitted, "frame" | "held">;
  /** Told what was measured of released models: an inspector in the domain is, a run is not. */
  readonly onEvidence?: (evidence: readonly ModelEvidence[]) => void;
  /** Of the job's `Math.random`, when it is not that of a new run. */
  readonly seed?: number;
}

/** Output that the guard let through, with its report. */
export interface GuardedOutput {
  readonly output: CheckedOutput;
  readonly report: GuardReport;
  /** Whom a table shows, or metrics and a model are of. */
  readonly shown: Uint32Array | undefined;
  readonly layers: string[];
  /** End of the slot that the run's duration falls in. */
  readonly durationSlotMs: number;
}

/** What a bundle runs on: a developer's on a sample that passed the gate, a released one on every row. */
export type RunInput =
  | {
      readonly entry: "develop";
      readonly manifest: JobManifest;
      readonly sample: CertifiedSample;
      readonly shown?: Uint32Array;
      /** Rows outside of the sample, for the guard alone. */
      readonly heldOut?: ColumnBatch;
      /** Bits that outputs over the source table carried before. */
      readonly bitsBefore: number;
    }
  | {
      readonly entry: "produce";
      readonly manifest: JobManifest;
      readonly table: ColumnBatch;
      /** Number of whom each row is about. */
      readonly subjects: Uint32Array;
      /** To hold a table against what earlier ones showed. */
      readonly tags?: Uint32Array;
      readonly shown?: Uint32Array;
      /** Bits that outputs over the source table carried before. */
      readonly bitsBefore: number;
      readonly model?: ReleasedModel;
    };

/** Runs the bundle and has the guard decide. @throws RunRefused; TypeError for a sample that no gate has seen */
export async function runGuarded(
  context: Pick<DomainContext, "workshop" | "clock" | "pause" | "keyring"> & {
    readonly config: Pick<DomainConfig, "runLimits">;
  },
  work: GuardedWork,
  input: RunInput,
): Promise<GuardedOutput> {
  const { run, admitted, signal, onEvent } = work;
  const environment = input.entry === "develop" ? "development" : "production";
  // Rows of real persons are behind a production run, and rows that nobody may see behind a sample for an enclave: which steps
  // it reaches is not told.
  const shown = environment === "development" && admitted.held.policy.sharing !== "enclave";
  const { table, subjects, tags } = rowsOf(input);
  // What runs is what was submitted, reviewed and released, byte for byte, whatever became of the state since.
  if ((await sha256Hex(admitted.frame)) !== run.bundle) {
    throw new RunRefused({ code: "ERR_BUNDLE_CHANGED", details: {}, refusedBy: "domain" });
  }
  const params = run.params === undefined ? {} : { params: run.params };
  const guardedRun: GuardedRun = {
    code: admitted.frame,
    manifest: input.manifest,
    entry: input.entry,
    environment,
    table: projectTable(table, input.manifest),
    subjects,
    ...(tags === undefined ? {} : { tags }),
    ...(input.shown === undefined ? {} : { shown: input.shown }),
    sensitive: sensitiveColumns(admitted.held.policy),
    bitsBefore: input.bitsBefore,
    ...(input.entry === "produce" || input.heldOut === undefined
      ? {}
      : { heldOut: projectTable(input.heldOut, input.manifest) }),
    ...(input.entry === "develop" || input.model === undefined ? {} : { model: input.model }),
    ...params,
    salt: networkSalt(context.keyring, run),
    seed: work.seed ?? jobSeed(run),
    limits: runAllowance(environment, input.manifest.limits, context.config.runLimits?.[environment]),
    signal,
    ...(shown ? { onEvent } : {}),
  };
  const { value: outcome, slotMs: durationSlotMs } = await inSlot(context, { hidden: !shown, signal }, () =>
    context.workshop.runGuarded(guardedRun),
  );
  if (outcome.evidence !== undefined) work.onEvidence?.(outcome.evidence);
  const at = context.clock.now().toISOString();
  if (!outcome.ok) {
    const { code, details, refusedBy, findings } = shown ? outcome : toldOfHidden(outcome, input.manifest);
    const refusal: GuardReport | undefined =
      findings === undefined
        ? undefined
        : {
            bundle: run.bundle,
            ...params,
            class: input.entry === "develop" ? "released" : "served",
            verdict: verdictOf(findings),
            findings,
            at,
          };
    const report = refusal === undefined ? {} : { guardReport: refusal };
    throw new RunRefused({ code, details, refusedBy }, { ...report, durationSlotMs });
  }
  const { output, report, layers } = outcome;
  return { output, report: { ...report, ...params, at }, shown: outcome.shown, layers, durationSlotMs };
}

/** Seed of a run's `Math.random`: its developer could name it, as part of the call id, before the run was signed. */
export function jobSeed({ callId }: Pick<Run, "callId">): number {
  return Number.parseInt(callId.slice(0, 8), 16);
}

/** Notes what a run is about to be made from. */
export function recordRun(
  { records, clock }: Pick<DomainContext, "records" | "clock">,
  run: Run,
  snapshot: Sha256Hex,
): void {
  const at = clock.now().toISOString();
  records.put({ callId: run.callId, snapshot, seed: jobSeed(run), runtime: currentRuntime(), at });
}

/** Columns that `policy` calls sensitive. */
function sensitiveColumns({ columns }: Policy): string[] {
  return Object.entries(columns).flatMap(([name, { role }]) => (role === "sensitive" ? [name] : []));
}

/** The rows of a run. @throws TypeError for a sample that no gate has seen */
function rowsOf(input: RunInput): { table: ColumnBatch; subjects: Uint32Array; tags?: Uint32Array } {
  if (input.entry === "produce") return input;
  if (!CertifiedSample.isCertified(input.sample)) throw new TypeError("a sample without a certificate reached a run");
  return input.sample;
}

/** What of its entry in the register a run knows before it is made. */
export function registered({
  run,
  admitted: { held },
}: RunWork): Pick<RegisteredOutput, "callId" | "resource" | "column" | "grant" | "product" | "version"> {
  const { resource, key } = held.grant.body;
  const { callId, product, version } = run;
  return { callId, resource, column: key, grant: held.hash, product, version };
}

/** The columns of `table` that the manifest names, in its order. */
function projectTable(table: ColumnBatch, manifest: JobManifest): ColumnBatch {
  const columns: ColumnBatch["columns"] = {};
  for (const name of Object.keys(manifest.input)) {
    const column = table.columns[name];
    if (column !== undefined) columns[name] = column;
  }
  return { rowCount: table.rowCount, columns };
}
