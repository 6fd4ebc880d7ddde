/** Uses that a grant does not cover, or does not cover any more.
 *  @module */
import { systemRandom, type SluiceClient } from "@sluice/client";
import {
  BINARY_MEDIA_TYPE,
  documentHash,
  encodeCall,
  encodeReportRequest,
  fromHex,
  isSluiceError,
  toHex,
  utf8,
  type CallEnvelope,
} from "@sluice/protocol";
import { signGrant, grantBody, usualTerms } from "./scene.ts";
import type { RefusalCase } from "./refusals.ts";
import {
  callDomain,
  deliverToDomain,
  evaluation,
  sealedCall,
  sealedFrame,
  signedUse,
  type Scenery,
} from "./scenery.ts";

/** Readings that the trial grant allows. */
export const TRIAL_QUOTA = 10;
/** Calls that race for them. */
const RACING_CALLS = 50;
const DAY_MS = 86_400_000;

/** Term, quota, bundle, release. */
export const grantCases: RefusalCase[] = [
  { name: "grant-expired", code: "ERR_GRANT_EXPIRED", refusedBy: "domain", attempt: expiredGrant },
  { name: "quota-race", code: "ERR_QUOTA_SPENT", refusedBy: "domain", attempt: raceForQuota },
  {
    name: "quota-spent",
    code: "ERR_QUOTA_SPENT",
    refusedBy: "domain",
    async attempt(scenery) {
      const signCall = await openTrial(scenery);
      await trialCaller(scenery).call(await signCall());
    },
  },
  {
    name: "release-missing",
    code: "ERR_RELEASE_MISSING",
    refusedBy: "domain",
    async attempt(scenery) {
      const unreleased = evaluation(scenery, { version: scenery.product.version + 1 });
      await callDomain(scenery, await sealedCall(scenery, unreleased, scenery.running.city.keys["river-bank"]));
    },
  },
  {
    name: "bundle-changed",
    code: "ERR_BUNDLE_CHANGED",
    refusedBy: "domain",
    async attempt(scenery) {
      const key = scenery.running.city.keys["city-data-group"];
      const build = evaluation(scenery, { operation: "build", bundle: toHex(systemRandom.bytes(32)) });
      const envelope = await signedUse(build, key);
      await deliverToDomain(scenery, "/v1/builds", encodeCall(envelope), BINARY_MEDIA_TYPE);
    },
  },
];

/** A grant that department and agency signed, whose term has ended. */
async function expiredGrant(scenery: Scenery): Promise<void> {
  const { keys } = scenery.running.city;
  const now = Date.now();
  const terms = {
    ...usualTerms("ended", new Date()),
    notBefore: new Date(now - 2 * DAY_MS),
    notAfter: new Date(now - DAY_MS),
  };
  const body = await grantBody(keys, scenery.spec, terms);
  const delivery = { grant: await signGrant(keys, scenery.spec.department, body), policy: scenery.spec.policy };
  await deliverToDomain(scenery, "/v1/grants", utf8(JSON.stringify(delivery)), "application/json");
  const use = evaluation(scenery, { grant: await documentHash(body) });
  await callDomain(scenery, await sealedCall(scenery, use, keys["river-bank"]));
}

/** Many calls at once on a quota of a few: exactly the quota may pass, and the rest must be refused. */
async function raceForQuota(scenery: Scenery): Promise<void> {
  const client = trialCaller(scenery);
  const signCall = await openTrial(scenery);
  const envelopes = await Promise.all(Array.from({ length: RACING_CALLS }, signCall));
  const outcomes = await Promise.allSettled(envelopes.map((envelope) => client.call(envelope)));
  const passed = outcomes.filter((outcome) => outcome.status === "fulfilled").length;
  const refusals: unknown[] = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  const unexpected = refusals.find((reason) => !isSluiceError(reason, "ERR_QUOTA_SPENT"));
  if (unexpected !== undefined) throw unexpected;
  if (passed === TRIAL_QUOTA) throw refusals[0];
}

function trialCaller({ running, trial }: Scenery): SluiceClient {
  return running.client(trial.spec.callers[0]);
}

/** A function that signs one more reading of the trial's report. */
async function openTrial(scenery: Scenery): Promise<() => Promise<CallEnvelope>> {
  const { spec, grant, served } = scenery.trial;
  const { product, version, bundle } = served.product;
  const { snapshot, snapshotHash } = await trialCaller(scenery).openReport(product);
  const use = { operation: "report" as const, domain: spec.domain, grant: grant.hash, product, version, bundle };
  const frame = encodeReportRequest({ snapshot: fromHex(snapshotHash) });
  const key = scenery.running.city.keys[spec.callers[0]];
  return () => sealedFrame(snapshot.sealKey, use, frame, key);
}
