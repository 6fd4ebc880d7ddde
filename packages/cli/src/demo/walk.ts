/** The steps of the walk, in order, and its report. A city that was walked before goes on from its product.
 *  @module */
import { join } from "node:path";
import type { Bytes, EvidencedReceipt, LinearModel, Run, RunEvent } from "@sluice/protocol";
import { verifyDirectory } from "../verify/verify-directory.ts";
import { askPrivately } from "./ask.ts";
import { writeEvidence } from "./audit.ts";
import { CanarySearch } from "./canary-search.ts";
import { gatewayDirectory, type City } from "./city.ts";
import { grantScene, registerParties, type StandingGrant } from "./govern.ts";
import { developJob, releaseAndBuild, runFailure, type ServedProduct } from "./product.ts";
import { TRIAL_QUOTA } from "./refused-grants.ts";
import { tryRefusals } from "./refusals.ts";
import type { DemoReport, Narrator } from "./report.ts";
import type { RunningCity } from "./running-city.ts";
import { usualTerms, type SceneSpec } from "./scene.ts";
import { prepareScenery } from "./scenery.ts";
import { readWalkState, writeWalkState, type KeptProduct } from "./walk-state.ts";

/** What a walk is about. */
export interface WalkPlan {
  readonly spec: SceneSpec;
  /** Name of the scene and of its product. */
  readonly product: string;
  /** The bundle. */
  readonly code: Bytes;
  /** The plain computation on raw rows: label by key. */
  plainLabels(model: LinearModel): ReadonlyMap<string, string>;
  /** Keys to ask first. */
  readonly firstKeys: readonly string[];
  /** Texts of canary persons, none of which may be found outside of the domains, and how many persons they are of. */
  readonly canaries: { readonly persons: number; readonly texts: readonly string[] };
}

/** Directory of a city's public evidence: what a stranger verifies. */
export const evidenceDirectory = (city: City): string => join(city.directory, "evidence");

/** Walks a running city. */
export async function walk(running: RunningCity, narrator: Narrator, plan: WalkPlan): Promise<DemoReport> {
  const { city } = running;
  const receipts: EvidencedReceipt[] = [];
  const keep = (runs: readonly Run[]): void => {
    for (const run of runs) if (run.receipt !== undefined) receipts.push(run.receipt);
  };
  const kept = await readWalkState(city.directory);
  const { grant, product, model } = kept ?? (await makeProduct(running, narrator, plan, keep));
  if (kept !== null) {
    await narrator.step("resume", "the city's product is served already", () => running.registerDomains());
  }
  const expected = plan.plainLabels(model);
  const asked = await narrator.step(
    "lookup",
    "a caller asks privately, for persons who are there and who are not",
    (progress) => askPrivately(running, plan.product, expected, plan.firstKeys, progress),
  );
  receipts.push(...asked.receipts);
  const refusals = await narrator.step("refusals", "everything that must be refused is tried", async (progress) => {
    const trial = await makeTrial(running, plan, keep);
    return tryRefusals(await prepareScenery(running, { spec: plan.spec, grant, product, trial }), progress);
  });
  const verified = await narrator.step("verify", "receipts and logs are verified from files alone", async () => {
    await writeEvidence(evidenceDirectory(city), { trust: city.trust, receipts, logs: running.logAddresses() });
    return verifyDirectory(evidenceDirectory(city), {});
  });
  const foundOutside = await narrator.step(
    "canaries",
    "everything outside of the domains is searched for raw data",
    () => searchOutside(city, plan.canaries.texts),
  );
  const ok =
    narrator.steps.every((step) => step.ok) &&
    asked.result.correct &&
    refusals.every((refusal) => refusal.ok) &&
    verified.ok &&
    verified.receipts.verified >= receipts.length &&
    foundOutside === 0;
  return {
    ok,
    steps: narrator.steps,
    calls: [asked.result],
    refusals,
    receipts: { issued: receipts.length, verified: Math.min(receipts.length, verified.receipts.verified) },
    canaries: { planted: plan.canaries.persons, foundOutside },
  };
}

/** Governance, development, release, build. */
async function makeProduct(
  running: RunningCity,
  narrator: Narrator,
  plan: WalkPlan,
  keep: (runs: readonly Run[]) => void,
): Promise<KeptProduct> {
  const { city } = running;
  const title = `parties, catalogue, scene ${plan.spec.title}, two reviews, the department's grant`;
  const grant = await narrator.step("scene", title, async () => {
    await registerParties(running);
    await running.registerDomains();
    return grantScene(running, plan.spec, usualTerms(city.keys, plan.product, new Date()));
  });
  const run = await narrator.step("develop", "a developer's job runs on a desensitised sample", async (progress) => {
    const done = await developJob(running, grant, plan.product, plan.code, telling(progress));
    if (done.state !== "completed") throw runFailure(done);
    return done;
  });
  for (const line of run.log) narrator.say(`  ${line}`);
  const { certificate } = run;
  if (certificate !== undefined) {
    const { sampleRows, k, suppressedRows } = certificate;
    narrator.say(`  sample: ${sampleRows} rows, k = ${k}, ${suppressedRows} suppressed`);
  }
  const served = await narrator.step(
    "release",
    "two reviews, the department's release, the build on every row",
    (progress) => releaseAndBuild(running, plan.spec.department, grant, run, telling(progress)),
  );
  const { product, model } = served;
  narrator.say(`  ${product.product} version ${product.version} is registered as ${product.registrationCode}`);
  keep(served.runs);
  await writeWalkState(city.directory, { grant, product, model });
  return { grant, product, model };
}

/** The same bundle under a grant of few evaluations: quotas are raced for on it. */
async function makeTrial(
  running: RunningCity,
  { spec, code }: WalkPlan,
  keep: (runs: readonly Run[]) => void,
): Promise<{ grant: StandingGrant; served: ServedProduct }> {
  const now = new Date();
  const name = `trial-${now.getTime().toString(36)}`;
  const terms = { ...usualTerms(running.city.keys, name, now), evaluations: String(TRIAL_QUOTA) };
  const grant = await grantScene(running, spec, terms);
  const run = await developJob(running, grant, name, code);
  const served = await releaseAndBuild(running, spec.department, grant, run);
  keep(served.runs);
  return { grant, served };
}

/** Traces of canary persons in the gateway's directory and in the evidence. */
async function searchOutside(city: City, texts: readonly string[]): Promise<number> {
  const search = new CanarySearch(texts);
  const places = [gatewayDirectory(city.directory), evidenceDirectory(city)];
  const finds = await Promise.all(places.map((place) => search.searchDirectory(place)));
  return finds.flat().length;
}

function telling(progress: (text: string) => void): (event: RunEvent) => void {
  return (event) => {
    if (event.kind === "progress") progress(`${event.percent} %`);
    if (event.kind === "state") progress(event.state);
  };
}
