/** Parties, catalogue, scene, reviews, grant: the governance that stands before any computation.
 *  @module */
import type { Grant, Policy, Review, SignedGrant } from "@sluice/protocol";
import { documentHash } from "@sluice/protocol";
import { PARTIES, partyStatement, type PartyName } from "./parties.ts";
import type { RunningCity } from "./running-city.ts";
import { grantBody, signGrant, type GrantTerms, type SceneSpec } from "./scene.ts";

/** A grant that stands, with its hash. */
export interface StandingGrant {
  readonly hash: string;
  readonly signed: SignedGrant;
  readonly policy: Policy;
}

/** Registers every party, signed by the agency. */
export async function registerParties(running: RunningCity): Promise<void> {
  const agency = running.client("data-bureau");
  for (const name of Object.keys(PARTIES) as PartyName[]) {
    await agency.putParty(await partyStatement(running.city.keys, name, "active", new Date()));
  }
}

/** Proposes a scene, has two people review it, and has the department sign its grant. */
export async function grantScene(running: RunningCity, spec: SceneSpec, terms: GrantTerms): Promise<StandingGrant> {
  const { keys } = running.city;
  const draft = await grantBody(keys, spec, terms);
  await proposeAndReview(running, spec, draft);
  return deliver(running, spec, draft);
}

/** Points that the agency gives the sections of an application. */
const SCORES: NonNullable<Review["scores"]> = { economicValue: 4, socialValue: 5, businessModel: 3, dataRationale: 5 };

async function proposeAndReview(running: RunningCity, spec: SceneSpec, draft: Grant): Promise<void> {
  const operator = running.client("city-data-group");
  const agency = running.client("data-bureau");
  const { scene } = draft.scene;
  await operator.proposeScene({ application: spec.application, draft, policy: spec.policy });
  await operator.reviewScene(scene, { person: "Lin Hua", verdict: "approve", note: "Fields fit the purpose." });
  await agency.reviewScene(scene, {
    person: "Zhao Min",
    verdict: "approve",
    note: "Value and safeguards are sufficient.",
    scores: SCORES,
  });
}

async function deliver(running: RunningCity, { department, policy }: SceneSpec, draft: Grant): Promise<StandingGrant> {
  const signed = await signGrant(running.city.keys, department, draft);
  await running.client(department).deliverGrant({ grant: signed, policy });
  return { hash: await documentHash(draft), signed, policy };
}
