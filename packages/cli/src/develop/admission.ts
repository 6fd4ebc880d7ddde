/** What a domain would say to a job before it reads a row: the same checks, in the same words, from the documents that
 *  the developer has.
 *  @module */
import { checkPolicy, viewColumns } from "@sluice/desensitize";
import { evaluateGrant } from "@sluice/evidence";
import { documentHash, grantedKeys, isSluiceError, SluiceError, type Grant, type JobManifest } from "@sluice/protocol";
import type { JobFiles } from "./job-files.ts";

/** Every reason for which a domain would not run a job with this manifest; none when it would.
 *  Without a grant, the policy alone decides. */
export async function admissionProblems(manifest: JobManifest, files: JobFiles, now: Date): Promise<SluiceError[]> {
  const { resource, policy, grant } = files;
  const problems = policyProblems(files);
  if (grant !== null) problems.push(...(await grantProblems(manifest, files, grant, now)));
  const shown = viewColumns(policy, resource);
  for (const [name, type] of Object.entries(manifest.input)) {
    const told = problems.some(({ code, details }) => code === "ERR_GRANT_FIELD" && details["field"] === name);
    if (shown[name] === undefined && !told) problems.push(new SluiceError("ERR_GRANT_FIELD", { field: name }));
    if (shown[name] !== undefined && shown[name] !== type) {
      const expected = `expected ${shown[name]}, which the policy makes of it`;
      problems.push(new SluiceError("ERR_JOB_MANIFEST", { pointer: `/input/${name}`, expected }));
    }
  }
  problems.push(...enclosedSamples(manifest, files), ...joinProblems(manifest, files));
  return problems;
}

/** Where nobody may see a row of the sample, no data set is made of it: a build would end so, after the release. */
function enclosedSamples({ outputs }: JobManifest, { policy }: JobFiles): SluiceError[] {
  if (policy.sharing !== "enclave") return [];
  const change = "a policy whose sample may leave the domain";
  return Object.entries(outputs)
    .filter(([, { kind }]) => kind === "dataset")
    .map(([output]) => new SluiceError("ERR_GUARD_OUTPUT", { output, rule: "dataset-sharing", change }));
}

/** A set is joined by columns that the grant names, and not with social data of unknown provenance. */
function joinProblems({ outputs }: JobManifest, { resource, grant }: JobFiles): SluiceError[] {
  const set = Object.values(outputs).find((spec) => spec.kind === "set");
  if (set === undefined) return [];
  if (resource.social !== undefined && resource.social.provenance === undefined) {
    return [new SluiceError("ERR_PROVENANCE", { resource: resource.resource })];
  }
  if (set.keys === undefined || grant === null) return [];
  try {
    grantedKeys(set.keys, grant);
    return [];
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return [error];
  }
}

/** Callers ask by a column that jobs do not see; the grant names it. */
function policyProblems({ resource, policy, grant }: JobFiles): SluiceError[] {
  const shown = viewColumns(policy, resource);
  const key = grant?.key ?? resource.fields.find(({ name }) => shown[name] === undefined)?.name;
  try {
    const hidden = [key ?? resource.fields[0]?.name ?? "", ...(grant?.joinFields ?? [])];
    for (const field of hidden) checkPolicy(policy, resource, field);
    return [];
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return [error];
  }
}

async function grantProblems(
  manifest: JobManifest,
  { resource, policy }: JobFiles,
  grant: Grant,
  now: Date,
): Promise<SluiceError[]> {
  const problems: SluiceError[] = [];
  if ((await documentHash(policy)) !== grant.policy || grant.resource !== resource.resource) {
    const reason = "it is not the policy that the grant names";
    problems.push(new SluiceError("ERR_POLICY", { pointer: "/", reason }));
  }
  const use = {
    operation: "develop",
    domain: resource.domain,
    purpose: manifest.purpose,
    keyId: grant.developer.keyId,
    fields: Object.keys(manifest.input),
  } as const;
  const decision = evaluateGrant(grant, use, now);
  if (decision.ok) return problems;
  return [...problems, ...decision.reasons.map(({ code, details }) => new SluiceError(code, details))];
}
