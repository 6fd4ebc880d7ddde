/** The steps of the walk, in order, and its report. A city that was walked before goes on from its products.
 *  @module */
import { join } from "node:path";
import { verifyFolder } from "@sluice/evidence/verify";
import type { EvidencedReceipt } from "@sluice/protocol";
import { diskFolder } from "../verify/disk-folder.ts";
import { writeEvidence } from "./audit.ts";
import { CanarySearch } from "./canary-search.ts";
import { gatewayDirectory, officesDirectory, type City } from "./city.ts";
import { deskLines, desksAreRight } from "./desks.ts";
import { dryRun } from "./dry-run.ts";
import { grantScene, registerParties } from "./govern.ts";
import type { ProductPlan, WalkPlan } from "./plan.ts";
import { developJob, releaseAndBuild } from "./product.ts";
import { TRIAL_QUOTA } from "./refused-grants.ts";
import { tryRefusals } from "./refusals.ts";
import {
  MIN_SAMPLE_LEVEL,
  type CallKind,
  type CallResult,
  type DemoReport,
  type Narrator,
  type PrivacyPrice,
  type RefusalResult,
  type SampleResult,
} from "./report.ts";
import type { RunningCity } from "./running-city.ts";
import { usualTerms } from "./scene.ts";
import { settleWalk } from "./statement.ts";
import { prepareScenery, type Scenery, type WalkedProduct } from "./scenery.ts";
import { askProduct, makeProduct, wordsOf } from "./walk-product.ts";
import { readWalkState, writeWalkState, type KeptProduct, type WalkState } from "./walk-state.ts";

/** Kinds of the products that refusals are tried on: most on the first, quotas are raced for on the second. */
const REFUSAL_KIND = "lookup" satisfies CallKind;
const TRIAL_KIND = "report" satisfies CallKind;

/** Directory of a city's public evidence: what a stranger verifies. */
export const evidenceDirectory = (city: City): string => join(city.directory, "evidence");

/** Walks a running city. */
export async function walk(running: RunningCity, narrator: Narrator, plan: WalkPlan): Promise<DemoReport> {
  const { city } = running;
  const receipts: EvidencedReceipt[] = [];
  const calls: CallResult[] = [];
  const samples: SampleResult[] = [];
  const privacy: PrivacyPrice[] = [];
  const walked = new Map<CallKind, WalkedProduct>();
  const state: Record<string, KeptProduct> = { ...(await openState(running, narrator)) };
  const looked = await lookAtProfile(running, narrator, plan, state);
  for (const product of plan.products) {
    const { spec } = product;
    narrator.say(`${product.product} · ${spec.title}`);
    let kept = state[product.product];
    if (kept === undefined) {
      const made = await makeProduct(running, narrator, product);
      kept = made.kept;
      receipts.push(...made.receipts);
      if (made.sample !== null) samples.push(made.sample);
      if (made.price !== null) privacy.push(made.price);
      state[product.product] = kept;
      await writeWalkState(city.directory, state);
    } else narrator.say("    is served already");
    const asked = await askProduct(running, narrator, product, kept);
    calls.push(asked.result);
    receipts.push(...asked.receipts);
    walked.set(wordsOf(product).kind, { spec, kept });
  }
  const refused = plan.refusals ? await refuse(running, narrator, plan, walked) : { refusals: [], receipts: [] };
  receipts.push(...refused.receipts);
  const verified = await narrator.step("verify", "receipts and logs are verified from files alone", async () => {
    await writeEvidence(evidenceDirectory(city), { trust: city.trust, receipts, logs: running.logAddresses() });
    return verifyFolder(diskFolder(evidenceDirectory(city)));
  });
  const statement = await narrator.step(
    "statement",
    "the calls become a month's statement, held against their receipts",
    () => settleWalk(city, plan.products, receipts),
  );
  const foundOutside = await narrator.step(
    "canaries",
    "everything outside of the domains is searched for raw data",
    () => searchOutside(city, plan.canaries.texts),
  );
  const ok =
    narrator.steps.every((step) => step.ok) &&
    (plan.desks === undefined || desksAreRight(plan.desks)) &&
    looked.profile?.correct !== false &&
    samples.every(({ level }) => level >= MIN_SAMPLE_LEVEL) &&
    privacy.every((price) => price.ok) &&
    calls.every(({ correct }) => correct) &&
    refused.refusals.every((refusal) => refusal.ok) &&
    verified.ok &&
    verified.receipts.verified >= receipts.length &&
    statement?.ok !== false &&
    foundOutside === 0;
  return {
    ok,
    steps: narrator.steps,
    ...(plan.desks === undefined ? {} : { desks: plan.desks }),
    ...looked,
    samples,
    privacy,
    calls,
    refusals: refused.refusals,
    receipts: { issued: receipts.length, verified: Math.min(receipts.length, verified.receipts.verified) },
    ...(statement === null ? {} : { statement }),
    canaries: { planted: plan.canaries.persons, foundOutside },
  };
}

/** The products of earlier walks. The parties of a new city are registered first; where the domains listen, always. */
async function openState(running: RunningCity, narrator: Narrator): Promise<WalkState> {
  const kept = await readWalkState(running.city.directory);
  await narrator.step("parties", "parties, and the catalogue of three departments", async () => {
    if (kept === null) await registerParties(running);
    await running.registerDomains();
  });
  return kept ?? {};
}

/** A developer looks at a table that nobody has granted, at its published profile, and tries the first job on it that is yet to be
 *  made on synthetic rows. */
async function lookAtProfile(
  running: RunningCity,
  narrator: Narrator,
  { published, desks, products }: WalkPlan,
  state: WalkState,
): Promise<Pick<DemoReport, "profile" | "dryRun">> {
  for (const line of desks === undefined ? [] : deskLines(desks)) narrator.say(`    ${line}`);
  if (published === undefined) return {};
  const { domain, resource } = published;
  const seen = await narrator.step(
    "profile",
    "a developer looks at the published profile of a table, before any grant",
    () => running.client("credit-lab").profile(domain, resource),
  );
  const profile = { resource, persons: seen.persons, correct: published.isPlain(seen) };
  const made = products.find(
    ({ product, spec }) => spec.domain === domain && spec.policy.resource === resource && !(product in state),
  );
  if (made === undefined) return { profile };
  const tried = await narrator.step(
    "dry-run",
    "and tries a job on synthetic rows that follow it, on the developer's own machine",
    () => dryRun(running, made, seen),
  );
  const words = tried.entries.map(({ entry, code }) => `${entry} ${code ?? "ok"}`).join(", ");
  narrator.say(`    ${tried.product} on ${tried.rows} rows that describe nobody: ${words}`);
  return { profile, dryRun: tried };
}

/** Tries everything that must be refused. */
async function refuse(
  running: RunningCity,
  narrator: Narrator,
  plan: WalkPlan,
  walked: ReadonlyMap<CallKind, WalkedProduct>,
): Promise<{ refusals: RefusalResult[]; receipts: readonly EvidencedReceipt[] }> {
  const tried = plan.products.find((product) => wordsOf(product).kind === TRIAL_KIND);
  const served = walked.get(REFUSAL_KIND);
  if (tried === undefined || served === undefined) {
    throw new RangeError(`refusals need products of the kinds ${REFUSAL_KIND} and ${TRIAL_KIND}`);
  }
  return narrator.step("refusals", "everything that must be refused is tried", async (progress) => {
    const trial = await makeTrial(running, tried);
    const { spec, kept } = served;
    const scenery = await prepareScenery(running, {
      spec,
      grant: kept.grant,
      product: kept.product,
      trial,
      walked,
      below: plan.below,
    });
    const receipts = trial.served.runs.flatMap(({ receipt }) => (receipt === undefined ? [] : [receipt]));
    return { refusals: await tryRefusals(scenery, progress), receipts };
  });
}

/** The same bundle under a grant of few readings: quotas are raced for on it. */
async function makeTrial(running: RunningCity, { spec, code }: ProductPlan): Promise<Scenery["trial"]> {
  const now = new Date();
  const name = `trial-${now.getTime().toString(36)}`;
  const terms = { ...usualTerms(name, now), amount: String(TRIAL_QUOTA) };
  const grant = await grantScene(running, spec, terms);
  const run = await developJob(running, grant, name, code);
  return { spec, grant, served: await releaseAndBuild(running, spec.department, grant, run) };
}

/** Traces of canary persons in the gateway's directory, in the evidence, and in what officers wrote out. */
async function searchOutside(city: City, texts: readonly string[]): Promise<number> {
  const search = new CanarySearch(texts);
  const { directory } = city;
  const places = [gatewayDirectory(directory), evidenceDirectory(city), officesDirectory(directory)];
  const finds = await Promise.all(places.map((place) => search.searchDirectory(place)));
  return finds.flat().length;
}
