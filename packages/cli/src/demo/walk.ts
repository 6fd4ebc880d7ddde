/** The steps of the walk, in order, and its report. A city that was walked before goes on from its product.
 *  @module */
import { join } from "node:path";
import type { Bytes, EvidencedReceipt, Run, RunEvent } from "@sluice/protocol";
import { verifyDirectory } from "../verify/verify-directory.ts";
import { askPrivately } from "./ask.ts";
import { writeEvidence } from "./audit.ts";
import { CanarySearch } from "./canary-search.ts";
import { DOMAINS, gatewayDirectory, type City, type DomainName } from "./city.ts";
import { grantScene, registerParties, type StandingGrant } from "./govern.ts";
import { plainLabels } from "./oracle.ts";
import { developJob, releaseAndBuild, runFailure, type ServedProduct } from "./product.ts";
import { TRIAL_QUOTA } from "./refused-grants.ts";
import { tryRefusals } from "./refusals.ts";
import type { DemoReport, Narrator } from "./report.ts";
import type { RunningCity } from "./running-city.ts";
import { inclusiveCreditPolicy, PRODUCT, usualTerms } from "./scene.ts";
import { prepareScenery } from "./scenery.ts";
import { readWalkState, writeWalkState, type KeptProduct } from "./walk-state.ts";

/** Share of the persons in a developer's sample. */
const SAMPLE_SHARE = 0.25;

/** Directory of a city's public evidence: what a stranger verifies. */
export const evidenceDirectory = (city: City): string => join(city.directory, "evidence");

/** Walks a running city. `code` is the bundle of the example job. */
export async function walk(running: RunningCity, narrator: Narrator, code: Bytes): Promise<DemoReport> {
  const { city } = running;
  const receipts: EvidencedReceipt[] = [];
  const keep = (runs: readonly Run[]): void => {
    for (const run of runs) if (run.receipt !== undefined) receipts.push(run.receipt);
  };
  const kept = await readWalkState(city.directory);
  const { grant, product, model } = kept ?? (await makeProduct(running, narrator, code, keep));
  if (kept !== null)
    await narrator.step("resume", "the city's product is served already", () => running.registerDomains());

  const expected = plainLabels(city.data.hrss, model);
  const canaryKeys = city.data.canaries.slice(0, 4).map((canary) => canary.residentId);
  const asked = await narrator.step("lookup", "a bank asks privately for credit bands", (progress) =>
    askPrivately(running, expected, canaryKeys, progress),
  );
  receipts.push(...asked.receipts);

  const refusals = await narrator.step("refusals", "everything that must be refused is tried", async (progress) => {
    const trial = await makeTrial(running, grant, code, keep);
    return tryRefusals(await prepareScenery(running, grant, product, trial), progress);
  });
  const verified = await narrator.step("verify", "receipts and logs are verified from files alone", async () => {
    await writeEvidence(evidenceDirectory(city), { trust: city.trust, receipts, logs: logAddresses(running) });
    return verifyDirectory(evidenceDirectory(city), {});
  });
  const finds = await narrator.step("canaries", "everything outside of the domains is searched for raw data", () =>
    searchOutside(city),
  );
  const canaries = { planted: city.data.canaries.length, foundOutside: finds };
  const counted = { issued: receipts.length, verified: verified.receipts.verified };
  const ok =
    narrator.steps.every((step) => step.ok) &&
    asked.result.correct &&
    refusals.every((refusal) => refusal.ok) &&
    verified.ok &&
    counted.verified >= counted.issued &&
    finds === 0;
  return { ok, steps: narrator.steps, calls: [asked.result], refusals, receipts: counted, canaries };
}

/** Governance, development, release, build. */
async function makeProduct(
  running: RunningCity,
  narrator: Narrator,
  code: Bytes,
  keep: (runs: readonly Run[]) => void,
): Promise<KeptProduct> {
  const { city } = running;
  const policy = inclusiveCreditPolicy(Math.round(city.persons * SAMPLE_SHARE));
  const grant = await narrator.step(
    "scene",
    "parties, catalogue, scene 普惠信贷, two reviews, the department's grant",
    async () => {
      await registerParties(running);
      await running.registerDomains();
      return grantScene(running, policy, usualTerms(city.keys, new Date()));
    },
  );
  const run = await narrator.step("develop", "a developer's job runs on a desensitised sample", async (progress) => {
    const done = await developJob(running, grant, PRODUCT, code, telling(progress));
    if (done.state !== "completed") throw runFailure(done);
    return done;
  });
  for (const line of run.log) narrator.say(`  ${line}`);
  const { certificate } = run;
  if (certificate !== undefined) {
    narrator.say(
      `  sample: ${certificate.sampleRows} rows, k = ${certificate.k}, ${certificate.suppressedRows} suppressed`,
    );
  }
  const served = await narrator.step(
    "release",
    "two reviews, the department's release, the build on every row",
    (progress) => releaseAndBuild(running, grant, run, telling(progress)),
  );
  narrator.say(
    `  ${served.product.product} v${served.product.version} is registered as ${served.product.registrationCode}`,
  );
  keep(served.runs);
  const kept = { grant, product: served.product, model: served.model };
  await writeWalkState(city.directory, kept);
  return kept;
}

/** The same bundle under a grant of few evaluations: quotas are raced for on it. */
async function makeTrial(
  running: RunningCity,
  { policy }: StandingGrant,
  code: Bytes,
  keep: (runs: readonly Run[]) => void,
): Promise<{ grant: StandingGrant; served: ServedProduct }> {
  const now = new Date();
  const name = `trial-${now.getTime().toString(36)}`;
  const terms = { ...usualTerms(running.city.keys, now), scene: name, evaluations: String(TRIAL_QUOTA) };
  const grant = await grantScene(running, policy, terms);
  const run = await developJob(running, grant, name, code);
  const served = await releaseAndBuild(running, grant, run);
  keep(served.runs);
  return { grant, served };
}

/** Copies of every log that a receipt is in, by the name under which they are verified. */
function logAddresses(running: RunningCity): Record<string, string> {
  const logs: Record<string, string> = { gateway: running.gateway.url };
  for (const name of Object.keys(DOMAINS) as DomainName[]) logs[name] = running.domain(name).url;
  return logs;
}

/** Traces of canary persons in the gateway's directory and in the evidence. */
async function searchOutside(city: City): Promise<number> {
  const needles = city.data.canaries.flatMap((canary) => [canary.residentId, canary.name, canary.phone]);
  const search = new CanarySearch(needles);
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
