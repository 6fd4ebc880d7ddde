/** The workshop: where user code meets rows without the store process meeting user code. A *broker* process owns the
 *  sandbox, in which one child runs the job and another decodes what it wrote; a *guard* process judges what was decoded. Output is handed on only as the guard's verdict:
 *  there is no option, variable or argument that leaves the guard out.
 *  @module */
import { extname } from "node:path";
import { MAX_BUNDLE_BYTES, refuseLargeBundle, sha256Hex, SluiceError, verdictOf } from "@sluice/protocol";
import type {
  Bytes,
  ColumnBatch,
  DescribedBundle,
  ErrorCode,
  JobEntry,
  JobManifest,
  ModelEvidence,
  SealedJob,
} from "@sluice/protocol";
import { DESCRIBE_LIMITS, SANDBOX_LAYERS } from "@sluice/sandbox";
import { brokered, guardRefusal, shownOf, type Brokered } from "./answers.ts";
import { MAX_BROKER_ANSWER_BYTES } from "./broker-protocol.ts";
import type { GuardedOutcome, GuardedRun } from "./guarded.ts";
import { GuardAnswer, MAX_GUARD_ANSWER_BYTES, type GuardRequest } from "./guard-protocol.ts";
import { HelperProcess } from "./helper-process.ts";
import type { Message } from "./message-parser.ts";
import { tableToParts } from "./table-parts.ts";
import { TableSender } from "./table-sender.ts";
import { Turns } from "./turns.ts";
import { outputHash, outputOf } from "./verdict.ts";

/** Jobs in the sandbox at a time; further ones wait. */
const MAX_CONCURRENT_JOBS = 2;
/** Bundles that wait to be described, at most. */
const MAX_WAITING_DESCRIBES = 16;
/** Longest work of the guard on one output. */
const GUARD_TIMEOUT_MS = 60_000;
/** What a job takes beside its own time: start of the broker and of a child, transfer of the table. */
const BROKER_GRACE_MS = 60_000;

/** Runs user code under guard. */
export interface Workshop {
  /** The manifest that a bundle declares, with the hash of exactly these bytes.
   *  @throws ERR_JOB_MANIFEST, ERR_GUARD_OUTPUT, ERR_POOL_FULL, ERR_POOL_WORKER, ERR_SANDBOX_LAYER_MISSING and the codes of failed runs */
  describe(code: Bytes, options?: { signal?: AbortSignal }): Promise<DescribedBundle>;
  /** @throws ERR_JOB_MANIFEST when the table lacks a column that the manifest names, or has it of another type */
  runGuarded(run: GuardedRun): Promise<GuardedOutcome>;
  /** Process ids of the helpers that run now. */
  pids(): { broker: number | undefined; guard: number | undefined };
  close(): Promise<void>;
}

/** How to open a workshop. */
export interface WorkshopOptions {
  /** Isolation layers without which no job runs. */
  readonly requireLayers?: readonly string[];
  /** Further layers without which no production job runs. */
  readonly productionLayers?: readonly string[];
  /** Directories in which the broker looks for the programs of its layers, separated by `:`. Nothing else of this
   *  process's environment goes with it. */
  readonly searchPath?: string;
}

/** Opens a workshop; its processes start when they are first needed.
 *  @throws ERR_SANDBOX_LAYER_MISSING when an option names no layer that exists. */
export function createWorkshop(options: WorkshopOptions = {}): Workshop {
  const { requireLayers = [], productionLayers = [] } = options;
  const { searchPath = `${process.env["PATH"] ?? ""}:/usr/bin:/bin` } = options;
  for (const layer of [...requireLayers, ...productionLayers]) {
    if (!SANDBOX_LAYERS.some((known) => known === layer)) {
      throw new SluiceError("ERR_SANDBOX_LAYER_MISSING", { layer, how: `require one of ${SANDBOX_LAYERS.join(", ")}` });
    }
  }
  return new HelperWorkshop({ requireLayers, productionLayers, searchPath });
}

type BrokerJob = Omit<SealedJob, "bundle" | "entry"> & {
  readonly code: Bytes;
  readonly entry: JobEntry;
  readonly manifest?: JobManifest;
};

class HelperWorkshop implements Workshop {
  readonly #broker: HelperProcess;
  readonly #guard: HelperProcess;
  readonly #requireLayers: readonly string[];
  readonly #runs = new Turns(MAX_CONCURRENT_JOBS);
  // Apart from those of runs: how long a bundle waits to be described says nothing of when the code of a run ended.
  readonly #describes = new Turns(1, MAX_WAITING_DESCRIBES);

  constructor({ requireLayers, productionLayers, searchPath }: Required<WorkshopOptions>) {
    this.#requireLayers = requireLayers;
    this.#broker = new HelperProcess({
      module: moduleBeside("broker-main"),
      args: [...requireLayers, ...productionLayers.map((layer) => `production:${layer}`)],
      env: { PATH: searchPath },
      maxAnswerBytes: MAX_BROKER_ANSWER_BYTES,
    });
    this.#guard = new HelperProcess({
      module: moduleBeside("guard-main"),
      nodeFlags: ["--permission", "--allow-fs-read=*"],
      maxAnswerBytes: MAX_GUARD_ANSWER_BYTES,
    });
  }

  pids(): { broker: number | undefined; guard: number | undefined } {
    return { broker: this.#broker.pid, guard: this.#guard.pid };
  }

  async describe(code: Bytes, { signal }: { signal?: AbortSignal } = {}): Promise<DescribedBundle> {
    const job = { code, entry: "describe", environment: "development", seed: 0, limits: DESCRIBE_LIMITS } as const;
    const brokered = await this.#run(job, signal === undefined ? {} : { signal }, this.#describes);
    if (!brokered.ok) throw new SluiceError(brokered.code, brokered.details, { refusedBy: brokered.refusedBy });
    const { answer } = await this.#ask((id) => ({ kind: "manifest", id }), [brokered.form]);
    if (answer.kind === "manifest") {
      refuseLargeBundle(code.length, answer.manifest);
      return { bundle: await sha256Hex(code), manifest: answer.manifest };
    }
    const { code: refusal, details } = guardRefusal(answer);
    throw new SluiceError(refusal, details, { refusedBy: refusal === "ERR_JOB_MANIFEST" ? "sandbox" : "guard" });
  }

  async runGuarded(run: GuardedRun): Promise<GuardedOutcome> {
    const { code, manifest, entry, environment, seed, limits, model, params } = run;
    const table = inputColumns(run.table, manifest);
    const job = {
      code,
      entry,
      manifest,
      environment,
      seed,
      limits,
      table,
      ...(model === undefined ? {} : { model }),
      ...(params === undefined ? {} : { params }),
    };
    const brokered = await this.#run(job, run, this.#runs);
    const { layers, wallMs } = brokered;
    if (!brokered.ok) {
      const { code: refusal, details, refusedBy } = brokered;
      return { ok: false, code: refusal, details, refusedBy, layers };
    }
    const missing = this.#requireLayers.find((layer) => !layers.includes(layer));
    if (missing !== undefined) {
      const details = { layer: missing, how: "run `sluice doctor`" };
      return { ok: false, code: "ERR_SANDBOX_LAYER_MISSING", details, refusedBy: "sandbox", layers };
    }
    const none = new Uint32Array(0);
    const sent: Bytes[] = [
      brokered.form,
      ...[run.subjects, run.tags, run.shown].map((words) => bytesOf(words ?? none)),
    ];
    const head = tableToParts(table, sent);
    const sensitive = [...(run.sensitive ?? [])];
    const held = run.shown === undefined ? {} : { held: true as const };
    const others =
      run.heldOut === undefined ? {} : { heldOut: tableToParts(inputColumns(run.heldOut, manifest), sent) };
    const ledger = run.bitsBefore === undefined ? {} : { bitsBefore: run.bitsBefore };
    const facts = {
      rowCount: table.rowCount,
      environment,
      table: head,
      sensitive,
      ...held,
      ...others,
      ...ledger,
    };
    const { answer, parts } = await this.#ask((id) => ({ kind: "check", id, manifest, facts }), sent);
    if (answer.kind !== "released" && answer.kind !== "served") {
      return { ok: false, ...guardRefusal(answer), ...evidenceOf(answer), refusedBy: "guard", layers };
    }
    try {
      const kept = answer.shown === true ? parts.at(-1) : undefined;
      const served = kept === undefined ? parts : parts.slice(0, -1);
      const shown = kept === undefined ? {} : { shown: shownOf(kept) };
      const output = outputOf(answer, served, { manifest, entry, rowCount: table.rowCount });
      const { findings } = answer;
      const report = {
        bundle: await sha256Hex(code),
        class: output.class,
        verdict: verdictOf(findings),
        findings,
        output: await outputHash(output, run.salt),
      };
      return { ok: true, output, report, ...shown, ...evidenceOf(answer), layers, wallMs };
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return { ok: false, code: error.code, details: { ...error.details }, refusedBy: "guard", layers };
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#broker.close(), this.#guard.close()]);
  }

  /** One job through the broker. */
  async #run(
    job: BrokerJob,
    { signal, onEvent }: Pick<GuardedRun, "signal" | "onEvent">,
    turns: Turns,
  ): Promise<Brokered> {
    if (job.code.length > MAX_BUNDLE_BYTES) {
      throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: job.code.length, maxBytes: MAX_BUNDLE_BYTES });
    }
    const { code, table, ...rest } = job;
    const parts: Bytes[] = [code];
    const columns: Bytes[] = [];
    const shown = table === undefined ? {} : { table: tableToParts(table, parts, columns) };
    const sender = table === undefined ? undefined : new TableSender(table, columns, job.manifest?.read === "batches");
    if (!(await turns.take(signal))) return unrun("ERR_CANCELLED", {});
    try {
      const result = await this.#broker.ask<Brokered>({
        head: (id) => ({ kind: "run", id, ...rest, ...shown }),
        parts,
        accept: (message, peer) => brokered(message, { environment: job.environment, onEvent, sender, peer }),
        cancel: (id) => ({ kind: "cancel", id }),
        signal,
        timeoutMs: job.limits.wallTimeLimitMs + BROKER_GRACE_MS,
      });
      return result ?? unrun("ERR_POOL_WORKER", { task: "sandbox" });
    } finally {
      sender?.close();
      turns.give();
    }
  }

  /** One question to the guard; its death is an answer, too. */
  async #ask(
    head: (id: number) => GuardRequest,
    parts: readonly Bytes[],
  ): Promise<{ answer: GuardAnswer; parts: readonly Bytes[] }> {
    const result = await this.#guard.ask({
      head,
      parts,
      accept: ({ head, parts }: Message) => ({ answer: GuardAnswer.parse(head), parts }),
      timeoutMs: GUARD_TIMEOUT_MS,
    });
    return (
      result ?? { answer: { kind: "error", id: 0, code: "ERR_POOL_WORKER", details: { task: "guard" } }, parts: [] }
    );
  }
}

function unrun(code: ErrorCode, details: Record<string, string>): Brokered {
  return { ok: false, code, details, refusedBy: "sandbox", layers: [], wallMs: 0 };
}

function evidenceOf(answer: GuardAnswer): { evidence?: ModelEvidence[] } {
  return "evidence" in answer && answer.evidence !== undefined ? { evidence: answer.evidence } : {};
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Bytes {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The columns that `manifest` names, in its order. @throws ERR_JOB_MANIFEST */
function inputColumns(table: ColumnBatch, manifest: JobManifest): ColumnBatch {
  const columns = Object.entries(manifest.input).map(([name, type]) => {
    const column = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
    if (column?.type !== type) {
      throw new SluiceError("ERR_JOB_MANIFEST", {
        pointer: `/input/${name}`,
        expected: column?.type ?? "a column of the table",
      });
    }
    return [name, column] as const;
  });
  return { rowCount: table.rowCount, columns: Object.fromEntries(columns) };
}

function moduleBeside(name: string): URL {
  return new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);
}
