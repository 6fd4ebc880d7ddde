/** Documents of the demo's scene, as an officer would be given them: two grants, a policy, a run, two releases.
 *  @module */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkOutput } from "@sluice/desensitize";
import { signDocument } from "@sluice/evidence";
import type { TrustPins } from "@sluice/evidence/verify";
import {
  documentHash,
  type Grant,
  type JobManifest,
  type LinearModel,
  type Policy,
  type Release,
  type Run,
  type SceneApplication,
  type SignedGrant,
  type SignedRelease,
  verdictOf,
} from "@sluice/protocol";
import { partyKeys, type PartyKeys } from "../src/demo/parties.ts";
import { inclusiveCredit } from "../src/demo/products/inclusive-credit.ts";
import { grantBody, signGrant, usualTerms } from "../src/demo/scene.ts";

/** Time at which these grants hold. */
export const NOW = new Date("2026-11-21T02:00:00.000Z");

/** An application for the scene. */
export const APPLICATION: SceneApplication = {
  economicValue: "小微借款人的融资成本可降低约一个百分点",
  socialValue: "没有抵押的人凭缴费记录得到公平的答复",
  businessModel: "银行按次付费，市民免费",
  dataRationale: "缴费年限和中断月数是还款能力的主要信号，没有更少的字段可以代替",
};

/** The scene's documents. */
export interface OfficerDocuments {
  readonly keys: PartyKeys;
  readonly trust: TrustPins;
  readonly grant: SignedGrant;
  readonly policy: Policy;
  /** Last year's grant: fewer fields and callers, smaller quotas, an earlier end. */
  readonly previousGrant: SignedGrant;
  readonly previousPolicy: Policy;
  readonly run: Run;
  readonly release: SignedRelease;
  readonly previousRelease: SignedRelease;
}

/** Makes the documents, with fresh keys below `directory`. */
export async function officerDocuments(directory: string): Promise<OfficerDocuments> {
  const keys = await partyKeys(join(directory, "parties"));
  const spec = inclusiveCredit(2_000);
  const terms = usualTerms("inclusive-credit-2026", NOW);
  const body = await grantBody(keys, spec, terms);
  const { policy } = spec;
  const previousPolicy: Policy = {
    ...policy,
    columns: {
      ...policy.columns,
      age: { role: "quasi", transform: { kind: "bucket", width: 10, min: 20, max: 60 } },
    },
    k: 10,
  };
  const grant = await signGrant(keys, "hrss-department", body);
  const previousGrant = await signGrant(keys, "hrss-department", await lastYear(body, previousPolicy));
  const run = await developmentRun(await documentHash(body));
  const release = await signRelease(keys, run, 2);
  const previousRelease = await signRelease(keys, { ...run, bundle: "ab".repeat(32) }, 1);
  const trust = trustOf(keys);
  return { keys, trust, grant, policy, previousGrant, previousPolicy, run, release, previousRelease };
}

async function lastYear(body: Grant, policy: Policy): Promise<Grant> {
  return {
    ...body,
    fields: body.fields.filter(({ name }) => name !== "fund_months"),
    policy: await documentHash(policy),
    callers: body.callers.slice(0, 1),
    notBefore: "2025-11-21T02:00:00.000Z",
    notAfter: "2026-11-21T02:00:00.000Z",
    quotas: body.quotas.map(({ operation, amount }) => ({
      operation,
      amount: operation.startsWith("lookup") ? "200000" : amount,
    })),
  };
}

function trustOf(keys: PartyKeys): TrustPins {
  const { keyId } = keys.recovery; // logs and receipts play no part here
  const origin = "sluice/domain/hrss";
  const departmentKey = keys["hrss-department"].keyId;
  return {
    domains: { hrss: { receiptKey: keyId, logKey: keyId, logOrigin: origin, departmentKey } },
    gateway: { key: keyId, logKey: keyId, logOrigin: "sluice/gateway/city" },
    agencyKey: keys["data-bureau"].keyId,
  };
}

const MANIFEST: JobManifest = {
  lockfile: { name: "pnpm-lock.yaml", hash: "5d".repeat(32) },
  name: "inclusive-credit",
  purpose: "inclusive-credit",
  input: { region: "dict", age: "f64", months_insured: "f64", arrears_months: "f64", defaulted: "bool" },
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    model: { kind: "linear-model", maxParameters: 64 },
    band: { kind: "labels", vocabulary: ["A", "B", "C", "D"] },
  },
};

const MODEL: LinearModel = {
  kind: "linear-model",
  features: ["age", "months_insured", "arrears_months"],
  weights: [-0.2145, -0.6021, 0.3312],
  intercept: -1.872,
};

/** A completed run with what the real guard says of its output. */
async function developmentRun(grant: string): Promise<Run> {
  const bundle = "3f".repeat(32);
  const fit = { kind: "metrics" as const, values: { auc: 0.7312, rows: 1_953 } };
  const output = { class: "released" as const, values: { fit, model: MODEL } };
  const verdict = checkOutput(output, MANIFEST, { rowCount: 1_953, environment: "development" });
  if (!verdict.ok) throw new Error("the guard lets this output through");
  return {
    callId: "ab".repeat(16),
    operation: "develop",
    product: "inclusive-credit",
    version: 2,
    grant,
    bundle,
    state: "completed",
    percent: 100,
    log: [],
    manifest: MANIFEST,
    certificate: {
      policy: "11".repeat(32),
      resource: "social-insurance",
      sourceSnapshot: "22".repeat(32),
      sourceRowsRounded: 20_000,
      sampleRows: 1_953,
      suppressedRows: 47,
      quasiIdentifiers: ["age", "phone", "region"],
      k: 5,
      seedCommitment: "33".repeat(32),
      at: NOW.toISOString(),
    },
    guardReport: {
      bundle,
      class: "released",
      verdict: verdictOf(verdict.findings),
      findings: verdict.findings,
      at: NOW.toISOString(),
    },
    metrics: { fit: { kind: "metrics", values: { auc: 0.731, rows: 1_955 } } },
    model: MODEL,
  };
}

/** The department's release of `run`. */
export async function signRelease(keys: PartyKeys, run: Run, version: number): Promise<SignedRelease> {
  const release: Release = {
    type: "release",
    domain: "hrss",
    grant: run.grant,
    product: run.product,
    version,
    bundle: run.bundle,
    manifest: await documentHash(run.manifest),
    ...(run.model === undefined ? {} : { model: await documentHash(run.model) }),
    ...(run.params === undefined ? {} : { params: run.params }),
    guardReport: await documentHash(run.guardReport),
    at: new Date(NOW.getTime() + version * 60_000).toISOString(),
  };
  return signDocument(release, keys["hrss-department"]);
}

/** Writes each of `documents` to `<name>.json` and returns the files. */
export async function writeDocuments<T extends Record<string, unknown>>(
  directory: string,
  documents: T,
): Promise<Record<keyof T, string>> {
  await mkdir(directory, { recursive: true });
  const files = Object.keys(documents).map((name) => [name, join(directory, `${name}.json`)] as const);
  for (const [name, file] of files) await writeFile(file, JSON.stringify(documents[name]));
  return Object.fromEntries(files) as Record<keyof T, string>;
}
