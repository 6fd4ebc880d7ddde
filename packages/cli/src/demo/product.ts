/** From a bundle to a served product: development run, two reviews, the department's release, the build.
 *  @module */
import { signDocument } from "@sluice/evidence";
import {
  documentHash,
  isErrorCode,
  SluiceError,
  type Bytes,
  type ErrorCode,
  type ReleasedModel,
  type Product,
  type Release,
  type Run,
  type RunEvent,
} from "@sluice/protocol";
import type { StandingGrant } from "./govern.ts";
import type { PartyName } from "./parties.ts";
import type { RunningCity } from "./running-city.ts";
import { VERSION } from "./scene.ts";

/** A product that answers, with the model that is public by its release, if it has one. */
export interface ServedProduct {
  readonly product: Product;
  readonly model: ReleasedModel | undefined;
  readonly runs: readonly Run[];
}

/** Submits a bundle under a grant and follows its run to the end. */
export async function developJob(
  running: RunningCity,
  grant: StandingGrant,
  product: string,
  code: Bytes,
  onEvent: (event: RunEvent) => void = () => {},
): Promise<Run> {
  const developer = running.client("credit-lab");
  const submitted = await developer.submitJob({
    domain: grant.signed.body.domain,
    grant: grant.hash,
    product,
    version: VERSION,
    code,
  });
  return developer.watchRun(submitted.callId, onEvent);
}

/** Reviews a completed run by two people, has `department` release it, and builds the product. */
export async function releaseAndBuild(
  running: RunningCity,
  department: PartyName,
  grant: StandingGrant,
  run: Run,
  onEvent: (event: RunEvent) => void = () => {},
): Promise<ServedProduct> {
  const { model, guardReport, manifest, params } = run;
  if (guardReport === undefined || manifest === undefined) throw runFailure(run);
  const operator = running.client("city-data-group");
  const agency = running.client("data-bureau");
  await operator.reviewRun(run.callId, { person: "Lin Hua", verdict: "approve", note: "Metrics are plausible." });
  await agency.reviewRun(run.callId, { person: "Sun Wei", verdict: "approve", note: "Guard passed; purpose fits." });
  const release: Release = {
    type: "release",
    domain: grant.signed.body.domain,
    grant: grant.hash,
    product: run.product,
    version: run.version,
    bundle: run.bundle,
    manifest: await documentHash(manifest),
    ...(model === undefined ? {} : { model: await documentHash(model) }),
    ...(params === undefined ? {} : { params }),
    guardReport: await documentHash(guardReport),
    at: new Date().toISOString(),
  };
  const signed = await signDocument(release, running.city.keys[department]);
  const product = await running.client(department).deliverRelease(signed);
  const build = await operator.startBuild({
    domain: grant.signed.body.domain,
    grant: grant.hash,
    product: run.product,
    version: run.version,
    bundle: run.bundle,
  });
  const built = await operator.watchRun(build.callId, onEvent);
  if (built.state !== "completed") throw runFailure(built);
  return { product, model, runs: [run, built] };
}

/** The coded error of a run that did not complete. */
export function runFailure(run: Run): SluiceError {
  const failure = run.failure;
  const code: ErrorCode = failure !== undefined && isErrorCode(failure.code) ? failure.code : "ERR_JOB_CRASHED";
  return new SluiceError(code, failure?.details ?? {}, failure === undefined ? {} : { refusedBy: failure.refusedBy });
}
