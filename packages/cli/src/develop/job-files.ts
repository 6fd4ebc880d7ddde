/** The documents that lie beside a job: the description of the table it reads, the policy under which it reads it, and
 *  the grant when there is one already. Metadata, never rows.
 *  @module */
import { dirname, join } from "node:path";
import { Grant, Policy, ResourceDescription, ResourceProfile, SignedGrant, SluiceError } from "@sluice/protocol";
import { usage, type Arguments, type OptionSpec } from "../command.ts";
import { errnoOf, readJsonFile } from "../files.ts";

/** Options that say where the documents are. */
export const JOB_FILE_OPTIONS = {
  resource: { value: "FILE", description: "description of the table (default: resource.json beside the job)" },
  policy: { value: "FILE", description: "policy of the scene (default: policy.json beside the job)" },
  grant: { value: "FILE", description: "grant or draft of one (default: grant.json beside the job, if there is one)" },
  profile: {
    value: "FILE",
    description: "safe profile that rows follow (default: profile.json beside it, if there is one)",
  },
} as const satisfies Record<string, OptionSpec>;

/** A job's documents. */
export interface JobFiles {
  readonly resource: ResourceDescription;
  readonly policy: Policy;
  readonly grant: Grant | null;
  /** Of the same table, if perhaps of another snapshot. */
  readonly profile: ResourceProfile | null;
}

/** Where the documents for the job in `jobFile` are looked for. */
export function jobFilePaths(jobFile: string, args: Arguments): Record<keyof typeof JOB_FILE_OPTIONS, string> {
  const directory = dirname(jobFile);
  const path = (name: keyof typeof JOB_FILE_OPTIONS): string => args.text(name) ?? join(directory, `${name}.json`);
  return { resource: path("resource"), policy: path("policy"), grant: path("grant"), profile: path("profile") };
}

/** The documents for the job in `jobFile`. @throws ERR_DIRECTORY_STATE, ERR_USAGE naming the file */
export async function readJobFiles(jobFile: string, args: Arguments): Promise<JobFiles> {
  const directory = dirname(jobFile);
  const paths = jobFilePaths(jobFile, args);
  const read = (name: keyof typeof JOB_FILE_OPTIONS): Promise<unknown> =>
    args.text(name) === undefined
      ? readIfThere(paths[name], `${name} file`)
      : readJsonFile(paths[name], `${name} file`);
  const [resource, policy] = [await read("resource"), await read("policy")];
  const [grant, profile] = [await read("grant"), await read("profile")];
  for (const [expected, document] of Object.entries({ "resource.json": resource, "policy.json": policy })) {
    if (document === undefined) {
      throw new SluiceError("ERR_DIRECTORY_STATE", { directory, expected, command: "sluice job init DIR" });
    }
  }
  const described = fitted(ResourceDescription, resource, paths.resource);
  return {
    resource: described,
    policy: fitted(Policy, policy, paths.policy),
    grant: grant === undefined ? null : readGrant(grant, paths.grant),
    profile: profile === undefined ? null : readProfile(profile, paths.profile, described),
  };
}

function readProfile(document: unknown, file: string, { domain, resource }: ResourceDescription): ResourceProfile {
  const profile = fitted(ResourceProfile, document, file);
  if (profile.domain === domain && profile.resource === resource) return profile;
  throw usage(`${file} is the profile of another table than ${resource} of domain ${domain}`);
}

/** The grant beside the job, or null when there is none. @throws ERR_USAGE naming the file */
export async function readGrantBeside(jobFile: string): Promise<Grant | null> {
  const file = join(dirname(jobFile), "grant.json");
  const document = await readIfThere(file, "grant file");
  return document === undefined ? null : readGrant(document, file);
}

async function readIfThere(file: string, what: string): Promise<unknown> {
  try {
    return await readJsonFile(file, what);
  } catch (error) {
    if (error instanceof Error && errnoOf(error.cause) === "ENOENT") return undefined;
    throw error;
  }
}

/** A grant's body, signed or not. */
function readGrant(document: unknown, file: string): Grant {
  const signed = SignedGrant.safeParse(document);
  return signed.success ? signed.data.body : fitted(Grant, document, file);
}

interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: readonly { path: PropertyKey[]; message: string }[] } };
}

function fitted<T>(schema: Schema<T>, document: unknown, file: string): T {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const pointer = (issue?.path ?? []).map((step) => `/${String(step)}`).join("");
  throw usage(`${file} does not fit its schema at ${pointer === "" ? "/" : pointer}: ${issue?.message ?? ""}`);
}
