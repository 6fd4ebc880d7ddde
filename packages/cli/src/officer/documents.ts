/** The files an officer is given: a grant, a release, a policy, a run, pinned keys. Each fault names the file and the
 *  member; a draft is a body that nobody signed yet.
 *  @module */
import {
  canonicalText,
  Grant,
  GrantDelivery,
  Policy,
  Release,
  Run,
  SceneProposal,
  SignedGrant,
  SignedRelease,
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
}

/** A release with its signatures, none for a draft. */
export interface ReleaseDocument {
  readonly body: Release;
  readonly signatures: readonly Signature[];
}

/** A signed grant; the delivery or the proposal that carries one with its policy; or the bare body. @throws ERR_USAGE */
export async function readGrant(file: string): Promise<GrantDocument> {
  const what = "grant file";
  const value = await readJsonFile(file, what);
  if (has(value, "grant")) {
    const { grant, policy } = fit(GrantDelivery, value, what, file);
    return { ...grant, policy };
  }
  if (has(value, "draft")) {
    const { draft, policy } = fit(SceneProposal, value, what, file);
    return { body: draft, signatures: [], policy };
  }
  if (has(value, "type")) return { body: fit(Grant, value, what, file), signatures: [], policy: null };
  return { ...fit(SignedGrant, value, what, file), policy: null };
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
