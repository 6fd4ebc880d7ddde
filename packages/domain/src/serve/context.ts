/** What every part of a running domain shares. Built once by `startDomain`; nothing in it is global.
 *  @module */
import type { DirectoryLog } from "@sluice/evidence";
import type { SealKeyPair } from "@sluice/evidence/seal";
import type { Observer } from "@sluice/evidence/observe";
import type { Clock, EvidenceLog, ProductForm, Random, Run, Sha256Hex } from "@sluice/protocol";
import type { DomainConfig } from "../config.ts";
import type { DataStore } from "../data/store.ts";
import type { Keyring } from "../keyring.ts";
import type { SealedFiles } from "../rest/sealed-files.ts";
import type { AggregateDesk } from "../aggregate/desk.ts";
import type { AggregateStore } from "../state/aggregates.ts";
import type { AnswerStore } from "../state/answers.ts";
import type { CountSpends } from "../state/count-spends.ts";
import type { StateDatabase } from "../state/database.ts";
import type { DocumentStore } from "../state/documents.ts";
import type { EventStore } from "../state/events.ts";
import type { CutStore } from "../state/cuts.ts";
import type { DatasetTerms } from "../state/dataset-terms.ts";
import type { MembershipStore } from "../state/memberships.ts";
import type { PrivacyStore } from "../state/privacy.ts";
import type { OutcomeStore } from "../state/outcomes.ts";
import type { OutputRegister } from "../state/output-register.ts";
import type { QualityStore } from "../state/quality.ts";
import type { RiskReportStore } from "../state/risk-reports.ts";
import type { RollbackStore } from "../state/rollback.ts";
import type { RunRecords } from "../state/run-records.ts";
import type { SelectionStore } from "../state/selections.ts";
import type { StatusStore } from "../state/status.ts";
import type { UseStore } from "../state/uses.ts";
import type { WorkStore } from "../state/work.ts";
import type { Workshop } from "../work/workshop.ts";
import type { ActiveCalls } from "./active-calls.ts";
import type { Admitted } from "./admit.ts";
import type { CallSessions } from "./call-sessions.ts";
import type { DomainForm } from "./forms/product-form.ts";
import type { IndexReaders } from "./index-readers.ts";
import type { LookupWorkers } from "./lookup-workers.ts";
import type { OpenedParts } from "./opened-parts.ts";
import type { OneAtATime } from "./one-at-a-time.ts";
import type { Pause } from "./publication-slot.ts";
import type { RunEvents } from "./run-events.ts";
import type { HeldCall } from "./sessions.ts";
import type { Standing } from "./standing.ts";
import type { WorkPools } from "./work-pools.ts";

/** Starts and stops runs. */
export interface RunStarter {
  readonly events: RunEvents;
  /** Holds a place for the run until it is started or `release`d. @throws ERR_POOL_FULL */
  hold(callId: string): void;
  /** Gives up a held place. */
  release(callId: string): void;
  /** Keeps the run and queues it. @throws ERR_POOL_FULL */
  start(run: Run, admitted: Admitted): void;
  /** Reads a bundle for a grant that has no other bundle read. @throws ERR_POOL_FULL, and what `work` throws */
  describing<T>(grant: Sha256Hex, work: () => Promise<T>): Promise<T>;
  /** Stops the waiting and running runs that `concerned` says. */
  cancel(concerned: (admitted: Admitted) => boolean): void;
}

/** Parts of a running domain. */
export interface DomainContext {
  readonly directory: string;
  readonly config: DomainConfig;
  readonly keyring: Keyring;
  /** Opens the queries of callers. */
  readonly sealKeys: SealKeyPair;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly random: Random;
  readonly db: StateDatabase;
  readonly documents: DocumentStore;
  readonly uses: UseStore;
  readonly answers: AnswerStore;
  readonly events: EventStore;
  readonly statuses: StatusStore;
  readonly rollback: RollbackStore;
  /** Whether the domain may work at all. */
  readonly standing: Standing;
  readonly work: WorkStore;
  /** Whose rows each build held. */
  readonly cuts: CutStore;
  /** Rules on the quality of tables, and what was measured. */
  readonly quality: QualityStore;
  /** For how long callers read data sets. */
  readonly terms: DatasetTerms;
  readonly memberships: MembershipStore;
  /** What each table may still give under differential privacy. */
  readonly privacy: PrivacyStore;
  /** What the ends of runs may still tell. */
  readonly outcomes: OutcomeStore;
  /** What counts of matches have told each caller. */
  readonly counts: CountSpends;
  /** What was added up with other domains. */
  readonly aggregates: AggregateStore;
  /** Its part in aggregations that are under way. */
  readonly aggregateDesk: AggregateDesk;
  /** Hidden selections that were registered, and their sums. */
  readonly selections: SelectionStore;
  /** Reports on samples that were shown. */
  readonly reports: RiskReportStore;
  /** What runs were made from. */
  readonly records: RunRecords;
  /** What left or is served, by source table. */
  readonly register: OutputRegister;
  readonly data: DataStore;
  /** Everything else that holds data at rest. */
  readonly files: SealedFiles;
  /** Parts of indexes that answers are made of. */
  readonly parts: OpenedParts;
  readonly log: DirectoryLog;
  /** The log as receipts prove their place in it: where answers wait for witnesses, with their cosignatures. */
  readonly provenLog: EvidenceLog;
  readonly pools: WorkPools;
  /** Other machines that answer lookups. */
  readonly workers: LookupWorkers;
  /** Calls by caller and id: a retry waits for its first attempt. */
  readonly calls: OneAtATime;
  /** Calls that are computed now. */
  readonly activeCalls: ActiveCalls<Admitted>;
  /** The forms of product that it serves. */
  readonly formOf: (form: ProductForm) => DomainForm;
  /** Calls of many messages that are open. */
  readonly sessions: CallSessions<HeldCall>;
  /** Who reads which index. */
  readonly indexes: IndexReaders;
  readonly workshop: Workshop;
  /** Process log and metrics. */
  readonly observer: Observer;
  readonly runner: RunStarter;
}
