/** The certificate of a sample: what it was made from, under which policy, and what was measured on it. There is none for a
 *  sample that did not pass: the gate is the first thing that making one does.
 *  @module */
import { concatBytes, documentHash, fromHex, Instant, sha256Hex, SluiceError, utf8 } from "@sluice/protocol";
import type { Bytes, Certificate, FieldName, GateResult, Policy, RiskReport, Sha256Hex } from "@sluice/protocol";
import { refusal as modelRefusal } from "../anonymity/request.ts";
import { MIN_LEVEL } from "../risk/annex-d.ts";

/** Significant digits of a certificate's risks: what is known of the whole table is in them. */
const RISK_DIGITS = 2;

/** What a certificate says beside the report. */
export interface CertificateFacts {
  readonly policy: Policy;
  /** Column by which persons were counted. */
  readonly key: FieldName;
  /** Columns that were drawn. */
  readonly fields: readonly FieldName[];
  /** Of the sample that goes to the job. */
  readonly report: RiskReport;
  /** Sampling seed; stays in the domain. */
  readonly seed: Bytes;
  /** 32 random bytes that hide the seed in the commitment; stay in the domain. */
  readonly salt: Bytes;
  readonly at: Date;
}

/** The certificate of a sample that passed.
 *  @throws ERR_SAMPLE_K, ERR_SAMPLE_MODEL, ERR_SAMPLE_GATE for one that did not: they name the rule and declared facts only */
export async function createCertificate(facts: CertificateFacts): Promise<Certificate> {
  const { policy, report } = facts;
  refuseUnless(policy, report);
  const { counts, classRisk, contextRisk, utility } = report;
  return {
    policy: report.policy,
    resource: report.resource,
    sourceSnapshot: report.sourceSnapshot,
    sourceRowsRounded: roundRows(counts.sourceRows),
    sampleRows: counts.sampleRows,
    suppressedRows: counts.suppressedRows,
    quasiIdentifiers: report.quasiIdentifiers,
    key: facts.key,
    fields: [...facts.fields],
    k: report.k,
    seedCommitment: await commitSeed(facts.seed, facts.salt),
    at: Instant.parse(facts.at.toISOString()),
    level: report.level,
    overallRisk: roundUp(report.overallRisk),
    classRisk: roundUp(classRisk.mean),
    contextRisk: roundUp(contextRisk.value),
    sharing: report.sharing,
    verdict: "passed",
    ...(utility.fidelity === undefined ? {} : { fidelity: Math.floor(utility.fidelity * 100) / 100 }),
    transformFailures: report.transformFailures.map(({ column }) => column),
    versions: report.versions,
    report: await documentHash(report),
  };
}

/** @throws as `createCertificate` does, for the first rule that the sample broke */
function refuseUnless(policy: Policy, { gate, level, verdict }: RiskReport): void {
  const broken = gate.find(({ passed }) => !passed);
  if (broken !== undefined) throw refusal(policy, broken);
  if (level < MIN_LEVEL || verdict !== "passed") {
    throw new SluiceError("ERR_SAMPLE_GATE", { rule: "level", pointer: "/gate", limit: MIN_LEVEL });
  }
}

/** What whoever asked for a sample is told: the rule, where the policy sets it, and a limit that is declared. What was
 *  measured is for the department, in the report. */
function refusal(policy: Policy, { rule, limit, columns }: GateResult): SluiceError {
  const [column = "*"] = columns ?? [];
  switch (rule) {
    case "model":
      return modelRefusal({ ...policy, model: policy.model ?? { algorithm: "suppress" } });
    case "k":
      return new SluiceError("ERR_SAMPLE_K", { k: policy.k, limit: policy.suppressionLimit });
    case "suppression":
      if (policy.gate?.maxSuppression === undefined || policy.suppressionLimit <= policy.gate.maxSuppression) {
        return new SluiceError("ERR_SAMPLE_K", { k: policy.k, limit: policy.suppressionLimit });
      }
      return new SluiceError("ERR_SAMPLE_GATE", { rule, pointer: "/gate/maxSuppression", limit });
    case "min-rows":
      return new SluiceError("ERR_SAMPLE_GATE", { rule, pointer: "/gate/minRows", limit });
    case "residual-identifiers":
    case "invalid-values":
      return new SluiceError("ERR_SAMPLE_GATE", { rule, pointer: `/columns/${column}/transform`, limit });
    case "overall-risk":
      return new SluiceError("ERR_SAMPLE_GATE", { rule, pointer: "/k", limit });
  }
}

/** SHA-256("sluice/sample-seed/v1" ‖ salt ‖ seed): fixes the seed without telling it. */
export function commitSeed(seed: Bytes, salt: Bytes): Promise<Sha256Hex> {
  return sha256Hex(concatBytes(utf8("sluice/sample-seed/v1"), salt, seed));
}

/** SHA-256("sluice/risk-report/v1" ‖ seed ‖ policy hash): the same for each report on one sample, and known to nobody outside. */
export function reportSalt(seed: Bytes, policy: Sha256Hex): Promise<Sha256Hex> {
  return sha256Hex(concatBytes(utf8("sluice/risk-report/v1"), seed, fromHex(policy)));
}

/** `rows` rounded to two significant digits, as counts of a table are published. */
export function roundRows(rows: number): number {
  return Number(rows.toPrecision(2));
}

/** `risk` with RISK_DIGITS digits, never less than it is. */
function roundUp(risk: number): number {
  if (risk <= 0) return 0;
  const scale = 10 ** (RISK_DIGITS - 1 - Math.floor(Math.log10(risk)));
  return Math.min(1, Number((Math.ceil(risk * scale - 1e-9) / scale).toPrecision(RISK_DIGITS)));
}
