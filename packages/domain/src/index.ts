export { backUpDomain } from "./backup/back-up-domain.ts";
export { checkDomainBackup } from "./backup/check-domain.ts";
export { restoreDomain, type RestoreDomainOptions, type RestoredDomain } from "./backup/restore-domain.ts";
export { changeDomainPassphrase } from "./change-passphrase.ts";
export {
  classifyResource,
  decideField,
  type ClassifiedColumn,
  type DecidedField,
  type FieldChange,
} from "./classify-resource.ts";
export { classifyFile } from "./data/classify-file.ts";
export { DomainConfig, Pins } from "./config.ts";
export { compactProductOfDomain } from "./compact-product.ts";
export { erasePartyOfDomain, type ErasedReferences } from "./erase.ts";
export { probeDataEngine } from "./data/probe-engine.ts";
export { importTable } from "./import.ts";
export { DEFAULT_AT_REST, initDomain, type InitDomainOptions } from "./init.ts";
export { inspectRun, type InspectOptions, type Inspection } from "./inspect.ts";
export { allowOutcomes, readOutcomeBudgets, type OutcomeBudget, type OutcomeDecision } from "./outcome-budget.ts";
export { pinGateway } from "./pin-gateway.ts";
export { dataKeySuites } from "./rest/data-keys.ts";
export { readPrivacyBudget, setPrivacyBudget, type BudgetDecision, type PrivacyBudget } from "./privacy-budget.ts";
export { profileResource, type ProfileResourceOptions } from "./profile.ts";
export { measureResource, setQualityRules, type MeasuredQuality, type QualityChange } from "./quality-resource.ts";
export { pruneDomainLog } from "./prune.ts";
export { probeMemoryFiles } from "./rest/probe-memory-files.ts";
export { REPLAY_REASONS, replayRun, type Replay, type ReplayReason } from "./replay.ts";
export { resumeDomain, type Resumed } from "./resume.ts";
export { retireDomain, type RetireOptions } from "./retire/retire-domain.ts";
export { rotateDataKey, type RotateOptions, type RotationProgress } from "./rotate-data-key.ts";
export { rotateReceiptKey } from "./rotate-receipt-key.ts";
export { openSampleDesk, type PolicySample, type RunSample, type SampleDesk } from "./samples/desk.ts";
export { writeWhole } from "./samples/whole-file.ts";
export { workerName } from "./serve/open-lookup-workers.ts";
export { DEFAULT_WORKER_THREADS, startDomain, type RunningDomain, type StartDomainOptions } from "./start.ts";
export { startWorker, type RunningWorker, type StartWorkerOptions } from "./worker/start-worker.ts";
export { initWorker } from "./worker/worker-directory.ts";
export { openSubjectDesk, type SubjectDesk, type SubjectTrail } from "./subjects/desk.ts";
export type { Holding, HoldingEnd, NamedParty } from "./subjects/trail.ts";
export { DEFAULT_ANSWER_DAYS, type SubjectRequest, type SubjectRequestKind } from "./state/subject-requests.ts";
