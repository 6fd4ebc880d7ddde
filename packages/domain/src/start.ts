/** Starts a domain: opens its directory, recovers what a crash left, listens.
 *  @module */
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import {
  DEFAULT_PUBLISH_INTERVAL_MS,
  keepAnchors,
  lockDirectory,
  logIdentity,
  openLog,
  readAnchors,
  type KeyAccess,
} from "@sluice/evidence";
import { SealKeyPair } from "@sluice/evidence/seal";
import { ProcessLog, serveMetrics, ServerMetrics } from "@sluice/evidence/observe";
import { SluiceError, type Clock, type ProductForm, type Random } from "@sluice/protocol";
import { checkEngine } from "@sluice/sandbox";
import { AggregateDesk } from "./aggregate/desk.ts";
import { ANCHORS, readConfig } from "./config.ts";
import { openStore } from "./data/store.ts";
import { announceLayers } from "./http/metrics-layers.ts";
import { installDomainMetrics } from "./http/metrics.ts";
import { createServer } from "./http/server.ts";
import { Keyring } from "./keyring.ts";
import { MemoryFiles } from "./rest/memory-files.ts";
import { openSealedFiles } from "./rest/open-files.ts";
import { sweepReports } from "./samples/kept-reports.ts";
import { sweepShown } from "./register/shown-files.ts";
import { acceptCheckpoint } from "./serve/accept-checkpoint.ts";
import { ActiveCalls } from "./serve/active-calls.ts";
import type { DomainContext } from "./serve/context.ts";
import { compactMarked } from "./serve/compact.ts";
import { IndexReaders } from "./serve/index-readers.ts";
import { sweepBuilds } from "./serve/build-folders.ts";
import { removeIndex, servedPart, sweepIndexes } from "./serve/indexes.ts";
import { noteKeyChanges, signSnapshotsAnew } from "./serve/key-changes.ts";
import { OneAtATime } from "./serve/one-at-a-time.ts";
import { openLookupWorkers, type NamedStanding } from "./serve/open-lookup-workers.ts";
import { OpenedParts } from "./serve/opened-parts.ts";
import { recordEvent } from "./serve/events.ts";
import { recoverLog } from "./serve/recover-log.ts";
import { systemPause, type Pause } from "./serve/publication-slot.ts";
import { openWitnesses } from "./serve/open-witnesses.ts";
import { RunExecutor } from "./serve/runs.ts";
import type { HeldCall } from "./serve/sessions.ts";
import { Standing } from "./serve/standing.ts";
import { stopAll } from "./serve/stops.ts";
import { WitnessWatch } from "./serve/witness-watch.ts";
import type { DomainForm } from "./serve/forms/product-form.ts";
import { productForm } from "./serve/forms/registry.ts";
import { CallSessions } from "./serve/call-sessions.ts";
import { WorkPools } from "./serve/work-pools.ts";
import { AnswerStore } from "./state/answers.ts";
import { AggregateStore } from "./state/aggregates.ts";
import { CountSpends } from "./state/count-spends.ts";
import { StateDatabase } from "./state/database.ts";
import { DocumentStore } from "./state/documents.ts";
import { EventStore } from "./state/events.ts";
import { decisionsOf } from "./state/field-decisions.ts";
import { CutStore } from "./state/cuts.ts";
import { DatasetTerms } from "./state/dataset-terms.ts";
import { MembershipStore } from "./state/memberships.ts";
import { PrivacyStore } from "./state/privacy.ts";
import { OutcomeStore } from "./state/outcomes.ts";
import { RiskReportStore } from "./state/risk-reports.ts";
import { OutputRegister } from "./state/output-register.ts";
import { ProfileRegister } from "./state/profile-register.ts";
import { QualityStore } from "./state/quality.ts";
import { RollbackStore } from "./state/rollback.ts";
import { RunRecords } from "./state/run-records.ts";
import { SelectionStore } from "./state/selections.ts";
import { StatusStore } from "./state/status.ts";
import { UseStore } from "./state/uses.ts";
import { WorkStore } from "./state/work.ts";
import { pruneTrails } from "./subjects/keep-membership.ts";
import { sweepMemberships } from "./subjects/membership-files.ts";
import { createWorkshop } from "./work/workshop.ts";

/** Worker threads of one domain for each kind of work. */
export const DEFAULT_WORKER_THREADS = 2;
/** Age sweep of nonces and kept answer frames. */
const SWEEP_INTERVAL_MS = 10 * 60_000;

/** How to start a domain. */
export interface StartDomainOptions {
  /** Address to listen on; loopback unless a deployment says otherwise. */
  readonly host?: string;
  /** 0 chooses a free port. */
  readonly port?: number;
  /** Isolation layers without which no job runs. */
  readonly requireLayers?: string[];
  /** Layers without which no production job runs; none unless given. The commands that start a domain give
   *  `PRODUCTION_LAYERS`. */
  readonly productionLayers?: readonly string[];
  /** Worker threads for each kind of work. */
  readonly workerThreads?: number;
  readonly clock?: Clock;
  /** Waits for the end of the slot in which a hidden run is published. */
  readonly pause?: Pause;
  readonly random?: Random;
  /** Port of `GET /metrics` on loopback, 0 for a free one; none unless given. */
  readonly metricsPort?: number;
  /** Strangers see a new checkpoint of the log at the end of each such interval; 0: with each receipt. */
  readonly publishIntervalMs?: number;
  /** What opens the keys, unless they are in plain files. */
  readonly keys?: KeyAccess | undefined;
  /** Where tables are opened: a directory in memory; `/dev/shm` unless given. */
  readonly memoryDirectory?: string | undefined;
  /** Whether answers leave only when the quorum of `witnesses.policy` has cosigned a checkpoint with their receipt. */
  readonly witnessAnswers?: boolean;
  /** Time to the second try for the cosignatures that a start needs; it doubles. */
  readonly witnessRetryMs?: number;
  /** The forms of product that it serves; those of this package unless given. */
  readonly forms?: (context: DomainContext, form: ProductForm) => DomainForm;
  /** Whether the isolation layers are tried, once and in the background, for log and metrics. */
  readonly announceLayers?: boolean;
}

/** A domain that listens. */
export interface RunningDomain {
  readonly domain: string;
  readonly url: string;
  readonly port: number;
  /** Where metrics are served, if they are. */
  readonly metricsPort: number | undefined;
  close(): Promise<void>;
}

/** Starts the domain of `directory`.
 *  @throws ERR_SANDBOX_ENGINE, ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_DIRECTORY_UNWRITABLE,
 *  ERR_KEY, ERR_SEALED_FILE, ERR_MEMORY_FILES, ERR_PORT_IN_USE */
export async function startDomain(directory: string, options: StartDomainOptions = {}): Promise<RunningDomain> {
  const { host = "127.0.0.1", port = 0, productionLayers = [] } = options;
  const requiredLayers = [...new Set([...(options.requireLayers ?? []), ...productionLayers])];
  const clock = options.clock ?? { now: () => new Date() };
  const random = options.random ?? { bytes: (length) => new Uint8Array(randomBytes(length)) };
  checkEngine();
  const config = await readConfig(directory);
  const cleanup: (() => Promise<unknown> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    for (let close = cleanup.pop(); close !== undefined; close = cleanup.pop()) await close();
  };
  try {
    const lock = await lockDirectory(directory);
    cleanup.push(() => lock.release());
    const processLog = new ProcessLog(join(directory, "domain.log"), {
      service: "domain",
      domain: config.domain,
      clock,
    });
    cleanup.push(() => processLog.close());
    const metrics = new ServerMetrics(processLog);
    cleanup.push(() => metrics.close());
    const observer = { log: processLog, metrics };
    const keyring = await Keyring.open(directory, config, options.keys);
    const db = new StateDatabase(join(directory, "state.sqlite"));
    cleanup.push(() => db.close());
    const events = new EventStore(db);
    const uses = new UseStore(db);
    const statuses = new StatusStore(db);
    const rollback = new RollbackStore(db);
    const standing = new Standing({
      config,
      rollback,
      status: statuses.latest()?.body ?? null,
      noted: () => [events.latest(), uses.latest()],
    });
    const witnesses = await openWitnesses(directory, options.witnessAnswers === true, {
      onFault: (error) => processLog.fault(error),
      onOutcome: (outcome) => watch.noteOutcome(outcome),
    });
    const judge = (checkpoint: string): Promise<void> => acceptCheckpoint(context, checkpoint);
    const watch = new WitnessWatch(witnesses, { standing, clock, judge });
    cleanup.push(() => watch.close());
    const log = await openLog(join(directory, "log"), {
      origin: config.logOrigin,
      key: keyring.logKey,
      sm2Key: keyring.logSm2Key,
      clock,
      publishIntervalMs: options.publishIntervalMs ?? DEFAULT_PUBLISH_INTERVAL_MS,
      cosign: watch.cosign,
    });
    cleanup.push(() => log.close());
    const anchors = keepAnchors({
      anchors: await readAnchors(directory),
      directory: join(directory, ANCHORS),
      log,
      identity: logIdentity(config),
      clock,
      random,
      fetch,
      env: process.env,
      onNews: (news) => processLog.write({ event: "anchor", ...news }),
      onFault: (error) => processLog.fault(error),
    });
    cleanup.push(() => anchors.close());
    const files = await openSealedFiles({ directory, config, keyring, random });
    const memory = await MemoryFiles.open(options.memoryDirectory);
    const parts = new OpenedParts(files);
    const quality = new QualityStore(db);
    const decide = decisionsOf(db);
    const data = await openStore({
      clock,
      random,
      files,
      memory,
      decided: (imported) => quality.describe(decide(imported)),
    });
    cleanup.push(() => data.close());
    const pools = new WorkPools(options.workerThreads ?? DEFAULT_WORKER_THREADS);
    cleanup.push(() => pools.close());
    const onFault = (error: unknown): void => processLog.fault(error);
    const onStanding = (standing: NamedStanding): void => processLog.write({ event: "worker", ...standing });
    const workers = await openLookupWorkers(directory, config, { random, onFault, onStanding });
    cleanup.push(() => workers.close());
    const workshop = createWorkshop({ requireLayers: options.requireLayers ?? [], productionLayers });
    cleanup.push(() => workshop.close());
    const sessions = new CallSessions<HeldCall>();
    cleanup.push(() => sessions.close());
    const aggregateDesk = new AggregateDesk(() => context);
    cleanup.push(() => aggregateDesk.close());
    const runner = new RunExecutor(() => context);
    cleanup.push(() => runner.close());
    const context: DomainContext = {
      directory,
      config,
      keyring,
      sealKeys: await SealKeyPair.derive(keyring.derive("seal", config.domain)),
      clock,
      pause: options.pause ?? systemPause,
      random,
      db,
      documents: new DocumentStore(db),
      uses,
      answers: new AnswerStore(db),
      events,
      statuses,
      rollback,
      standing,
      work: new WorkStore(db),
      cuts: new CutStore(db),
      quality,
      terms: new DatasetTerms(db),
      memberships: new MembershipStore(db),
      privacy: new PrivacyStore(db, events, clock),
      outcomes: new OutcomeStore(db),
      counts: new CountSpends(db),
      aggregates: new AggregateStore(db),
      aggregateDesk,
      selections: new SelectionStore(db),
      records: new RunRecords(db),
      register: new OutputRegister(db),
      reports: new RiskReportStore(db),
      data,
      files,
      parts,
      log,
      provenLog: options.witnessAnswers === true ? watch.witnessedLog(log, config.domain) : log,
      pools,
      workers,
      calls: new OneAtATime(),
      activeCalls: new ActiveCalls(),
      formOf: (form) => (options.forms ?? productForm)(context, form),
      sessions,
      indexes: new IndexReaders(async (index, snapshot) => {
        await recordEvent(context, { kind: "index-removed", subject: snapshot });
        await removeIndex(files, index);
        parts.forget(servedPart({ index }, ""));
        await workers.forget(servedPart({ index }, ""));
      }),
      workshop,
      runner,
      observer,
    };
    installDomainMetrics(context);
    standing.refused.addEventListener("abort", () => stopAll(context));
    await noteKeyChanges(config, events, clock.now());
    const lost = await recoverLog(context);
    if (lost !== null) standing.refuse(lost);
    await signSnapshotsAnew(context);
    await recordEvent(context, { kind: "start" });
    await watch.begin(log, options.witnessRetryMs);
    // A state that is older than its files decides neither which of them go nor what became of its runs.
    if (standing.rolledBack === null) {
      db.transaction(() => context.counts.loseCurrent(data.resources()));
      await sweepIndexes(context);
      await sweepBuilds(files, new Set(context.work.unfinishedRuns().map(({ run }) => run.callId)));
      await sweepMemberships(files, context.memberships.names());
      await sweepShown(files, new Set([...context.register.names(), ...new ProfileRegister(db).names()]));
      await sweepReports(context);
      await pruneTrails(context);
      await runner.recover();
    }
    const sweep = setInterval(() => {
      context.uses.forgetNonces(clock.now());
      context.answers.forgetFrames(clock.now());
      pruneTrails(context).catch((error: unknown) => processLog.fault(error));
    }, SWEEP_INTERVAL_MS).unref();
    cleanup.push(() => clearInterval(sweep));
    const server = await createServer(context);
    cleanup.push(() => server.close());
    const url = await listen(server, host, port);
    if (standing.rolledBack === null) {
      const compacting = new AbortController();
      const compacted = compactMarked(context, compacting.signal);
      cleanup.push(async () => {
        compacting.abort();
        await compacted;
      });
    }
    cleanup.push(() => processLog.write({ event: "stopping" }));
    const scraped = options.metricsPort === undefined ? undefined : await serveMetrics(metrics, options.metricsPort);
    if (scraped !== undefined) cleanup.push(() => scraped.close());
    processLog.started({ address: url, metricsPort: scraped?.port, requiredLayers });
    if (options.announceLayers === true) {
      const layers = announceLayers(observer);
      cleanup.push(() => layers.close());
    }
    return { domain: config.domain, url, port: Number(new URL(url).port), metricsPort: scraped?.port, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function listen(server: Awaited<ReturnType<typeof createServer>>, host: string, port: number): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE") {
      throw new SluiceError("ERR_PORT_IN_USE", { address: `${host}:${port}` }, { cause });
    }
    throw cause;
  }
}
