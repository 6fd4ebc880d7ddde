/** The files an officer is given: a grant, a release, a policy, a run, pinned keys. Each fault names the file and the
 *  member; a draft is a body that nobody signed yet.
 *  @module */
import {
  canonicalText,
  Catalogue,
  Grant,
  GrantDelivery,
  PartyList,
  Policy,
  Release,
  Run,
  Scene,
  SceneProposal,
  SignedGrant,
  SignedRelease,
  type ReviewRecord,
  type SceneApplication,
  type Signature,
} from "@sluice/protocol";
import type { z } from "zod";
import { usage } from "../command.ts";
import { readJsonFile } from "../files.ts";
import { visibleText } from "./visible-text.ts";

/** A grant with its signatures, none for a draft, and the policy when the file carries it. */
export interface GrantDocument {
  readonly body: Grant;
  readonly signatures: readonly Signature[];
  readonly policy: Policy | null;
  /** The application for its scene, when the file carries it. */
  readonly application?: Application;
}

/** Why a scene was applied for, and what reviewers said of it so far. */
export interface Application {
  readonly sections: SceneApplication;
  readonly reviews: readonly ReviewRecord[];
}

/** A release with its signatures, none for a draft. */
export interface ReleaseDocument {
  readonly body: Release;
  readonly signatures: readonly Signature[];
}

/** A signed grant; the delivery that carries one with its policy; the proposal of a scene, or the scene as the gateway
 *  shows it, whose grant is a draft; or the bare body. @throws ERR_USAGE */
export async function readGrant(file: string): Promise<GrantDocument> {
  const what = "grant file";
  const value = await readJsonFile(file, what);
  if (has(value, "grant")) {
    const { grant, policy } = fit(GrantDelivery, value, what, file);
    return { ...grant, policy };
  }
  if (has(value, "proposal")) {
    const { proposal, reviews } = fit(Scene, value, what, file);
    return proposed(proposal, reviews);
  }
  if (has(value, "draft")) return proposed(fit(SceneProposal, value, what, file), []);
  if (has(value, "type")) return { body: fit(Grant, value, what, file), signatures: [], policy: null };
  return { ...fit(SignedGrant, value, what, file), policy: null };
}

function proposed({ draft, policy, application }: SceneProposal, reviews: readonly ReviewRecord[]): GrantDocument {
  return { body: draft, signatures: [], policy, application: { sections: application, reviews } };
}

/** A signed release, or the bare body. @throws ERR_USAGE */
export async function readRelease(file: string): Promise<ReleaseDocument> {
  const what = "release file";
  const value = await readJsonFile(file, what);
  if (has(value, "type")) return { body: fit(Release, value, what, file), signatures: [] };
  return fit(SignedRelease, value, what, file);
}

/** A policy. @throws ERR_USAGE */
export async function readPolicy(file: string): Promise<Policy> {
  return fit(Policy, await readJsonFile(file, "policy file"), "policy file", file);
}

/** A gateway's answer to `GET /v1/catalogue`. @throws ERR_USAGE */
export async function readCatalogue(file: string): Promise<Catalogue> {
  return fit(Catalogue, await readJsonFile(file, "catalogue file"), "catalogue file", file);
}

/** A gateway's answer to `GET /v1/parties`. @throws ERR_USAGE */
export async function readParties(file: string): Promise<PartyList> {
  return fit(PartyList, await readJsonFile(file, "parties file"), "parties file", file);
}

/** A run, as `sluice run show --json` prints it. @throws ERR_USAGE */
export async function readRun(file: string): Promise<Run> {
  return fit(Run, await readJsonFile(file, "run file"), "run file", file);
}

function has(value: unknown, member: string): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, member);
}

function fit<T extends z.ZodType>(schema: T, value: unknown, what: string, file: string): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const pointer = visibleText(parsed.error.issues[0]?.path.map(String).join("/") ?? "");
    throw usage(`${what} ${file} does not fit its schema at /${pointer}`);
  }
  try {
    canonicalText(parsed.data);
  } catch (cause) {
    throw usage(`${what} ${file} holds text that is not well-formed Unicode`, cause);
  }
  return parsed.data;
}
