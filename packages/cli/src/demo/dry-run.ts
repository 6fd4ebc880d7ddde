/** What a developer does before anybody has granted a row: the job runs on the developer's own machine, on synthetic rows that
 *  follow the published profile and describe nobody, in the sandbox and under the guard of a domain.
 *  @module */
import { paramValues, sha256Hex, SluiceError, type ResourceProfile } from "@sluice/protocol";
import { createSandboxRunner, describeBundle } from "@sluice/sandbox";
import { runLocally } from "../develop/local-run.ts";
import { defaultRows } from "../develop/row-counts.ts";
import type { ProductPlan } from "./plan.ts";
import type { DryRun } from "./report.ts";
import type { RunningCity } from "./running-city.ts";

/** The same rows in every walk of a city. */
const SEED = 1;

/** Runs the job of `plan`, from the catalogue's description of its table, the scene's policy and `profile`. What the guard says
 *  of synthetic rows binds nobody: it is told, and the walk goes on. @throws ERR_NOT_FOUND and the errors of a sandbox */
export async function dryRun(running: RunningCity, plan: ProductPlan, profile: ResourceProfile): Promise<DryRun> {
  const { product, code, spec } = plan;
  const { policy, domain } = spec;
  const domains = await running.client("credit-lab").catalogue();
  const resource = domains
    .find((described) => described.domain === domain)
    ?.resources.find((described) => described.resource === policy.resource);
  if (resource === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "resource", name: policy.resource });
  const { signal } = new AbortController();
  const runner = await createSandboxRunner();
  try {
    const { manifest } = await describeBundle(runner, code, { signal });
    const job = { code, bundle: await sha256Hex(code), lockfile: manifest.lockfile ?? null, sourceMap: "", files: [] };
    const entries = await runLocally(job, manifest, {
      runner,
      source: { resource, policy, profile },
      rows: defaultRows(policy),
      exact: true,
      seed: SEED,
      params: paramValues(manifest.params, undefined),
      signal,
    });
    return {
      product,
      rows: entries[0]?.rows ?? 0,
      entries: entries.map(({ entry, failure }) => ({ entry, code: failure?.error.code ?? null })),
    };
  } finally {
    await runner.close();
  }
}
