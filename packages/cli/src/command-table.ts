/** Every command, in the order of the help.
 *  @module */
import type { Command } from "./command.ts";
import { aggregateAgree, aggregatePlan, aggregateRun, aggregateShow } from "./commands/aggregate.ts";
import { anchorCheck, anchorList } from "./commands/anchor.ts";
import { auditExport } from "./commands/audit-export.ts";
import { auditVerifier } from "./commands/audit-verifier.ts";
import { backupCheck, backupCreate, backupRestore } from "./commands/backup.ts";
import { cryptoList } from "./commands/crypto-list.ts";
import { demo } from "./commands/demo.ts";
import { doctor } from "./commands/doctor.ts";
import { domainClassify } from "./commands/domain-classify.ts";
import { domainImport, domainInit, domainStart } from "./commands/domain.ts";
import { domainProfile } from "./commands/domain-profile.ts";
import { domainInspect } from "./commands/domain-inspect.ts";
import { domainRetire } from "./commands/domain-retire.ts";
import { domainBudget } from "./commands/domain-budget.ts";
import { domainOutcomes } from "./commands/domain-outcomes.ts";
import { domainPinGateway } from "./commands/domain-pin-gateway.ts";
import { domainRotateDataKey } from "./commands/domain-rotate.ts";
import { domainQuality } from "./commands/domain-quality.ts";
import { domainResume } from "./commands/domain-resume.ts";
import { domainCompact } from "./commands/domain-compact.ts";
import { domainErase, gatewayErase } from "./commands/erase.ts";
import { domainReport, domainSample } from "./commands/domain-sample.ts";
import { subjectCopy, subjectList, subjectOpen, subjectTrail } from "./commands/domain-subject.ts";
import { errors } from "./commands/errors.ts";
import { gatewayInit, gatewayStart } from "./commands/gateway.ts";
import { grantRevoke } from "./commands/grant-revoke.ts";
import { grantShow } from "./commands/grant-show.ts";
import { jobBundle } from "./commands/job-bundle.ts";
import { jobCheck } from "./commands/job-check.ts";
import { jobDev } from "./commands/job-dev.ts";
import { jobInit } from "./commands/job-init.ts";
import { jobOutputs } from "./commands/job-outputs.ts";
import { jobReplay } from "./commands/job-replay.ts";
import { jobSubmit } from "./commands/job-submit.ts";
import { jobTail } from "./commands/job-tail.ts";
import { keysNew } from "./commands/keys-new.ts";
import { keysPassphrase } from "./commands/keys-passphrase.ts";
import { logPrune } from "./commands/log-prune.ts";
import { lookup } from "./commands/lookup.ts";
import { match } from "./commands/match.ts";
import { monitor } from "./commands/monitor.ts";
import { priceExplain } from "./commands/price-explain.ts";
import { priceSimulate } from "./commands/price-simulate.ts";
import { productList } from "./commands/product-list.ts";
import { productShow } from "./commands/product-show.ts";
import { releaseShow } from "./commands/release-show.ts";
import { resourceList, resourceShow } from "./commands/resource.ts";
import { datasetGet } from "./commands/dataset-get.ts";
import { report } from "./commands/report.ts";
import { runShow, runWatch } from "./commands/run.ts";
import { domainRotateKey, gatewayRotateKey } from "./commands/rotate-key.ts";
import { selectionAsk } from "./commands/selection-ask.ts";
import { selectionRegister } from "./commands/selection-register.ts";
import { selectionResult } from "./commands/selection-result.ts";
import { score } from "./commands/score.ts";
import { settleStatement } from "./commands/settle-statement.ts";
import { statusIssue, statusKeep } from "./commands/status.ts";
import { statusLayers } from "./commands/status-layers.ts";
import { trace } from "./commands/trace.ts";
import { verify } from "./commands/verify.ts";
import { workerInit, workerStart } from "./commands/worker.ts";
import { witnessInit, witnessStart } from "./commands/witness.ts";

/** The command table. */
export const COMMANDS: readonly Command[] = [
  demo,
  keysNew,
  keysPassphrase,
  gatewayInit,
  gatewayStart,
  gatewayErase,
  gatewayRotateKey,
  domainInit,
  domainStart,
  domainImport,
  domainProfile,
  domainClassify,
  domainQuality,
  domainRotateDataKey,
  domainRotateKey,
  domainPinGateway,
  domainInspect,
  domainRetire,
  domainResume,
  domainCompact,
  domainErase,
  domainSample,
  domainReport,
  domainBudget,
  domainOutcomes,
  subjectOpen,
  subjectList,
  subjectTrail,
  subjectCopy,
  resourceList,
  resourceShow,
  jobInit,
  jobDev,
  jobCheck,
  jobBundle,
  jobSubmit,
  jobTail,
  jobOutputs,
  jobReplay,
  runShow,
  runWatch,
  grantShow,
  grantRevoke,
  statusIssue,
  statusKeep,
  statusLayers,
  releaseShow,
  productList,
  productShow,
  priceExplain,
  priceSimulate,
  lookup,
  match,
  score,
  settleStatement,
  selectionRegister,
  selectionAsk,
  selectionResult,
  report,
  datasetGet,
  aggregatePlan,
  aggregateAgree,
  aggregateRun,
  aggregateShow,
  trace,
  auditExport,
  auditVerifier,
  verify,
  monitor,
  logPrune,
  witnessInit,
  witnessStart,
  workerInit,
  workerStart,
  anchorList,
  anchorCheck,
  backupCreate,
  backupCheck,
  backupRestore,
  doctor,
  cryptoList,
  errors,
];
