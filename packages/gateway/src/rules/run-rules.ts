/** Rules of development runs: who reviews them, and which reviewed run a release may name.
 *  @module */
import {
  documentHash,
  formOf,
  sameParams,
  SERVED_KINDS,
  SluiceError,
  type Party,
  type ProductForm,
  type Release,
  type Run,
  type RunReviews,
} from "@sluice/protocol";
import type { RoleReview } from "../state/review-store.ts";
import { requireRole } from "./roles.ts";

const SERVED = `an output of the kind ${SERVED_KINDS.join(", ")}`;
const REVIEWING_ROLES = ["operator", "agency"] as const;

/** Whether operator and agency have both approved. One rejection is final. */
export function runReviewState(reviews: readonly RoleReview[]): RunReviews["state"] {
  if (reviews.some((review) => review.verdict === "reject")) return "rejected";
  return REVIEWING_ROLES.every((role) => reviews.some((review) => review.role === role)) ? "approved" : "awaiting";
}

/** Refuses a review that does not fit: of a run without a guarded result, by another role, or by one that reviewed.
 *  @throws ERR_ROLE, ERR_STATE */
export function checkRunReview(run: Run, reviews: readonly RoleReview[], by: Party): void {
  requireRole(by, "review a run", ...REVIEWING_ROLES);
  const name = run.callId;
  if (run.operation !== "develop") {
    throw new SluiceError("ERR_STATE", { kind: "run", name, state: "a build", needed: "a development run" });
  }
  if (run.state !== "completed") {
    throw new SluiceError("ERR_STATE", { kind: "run", name, state: run.state, needed: "completed" });
  }
  const state = runReviewState(reviews);
  if (state === "rejected") throw new SluiceError("ERR_STATE", { kind: "run", name, state, needed: "awaiting review" });
  if (reviews.some((review) => review.role === by.role)) {
    const needed = `a review by ${REVIEWING_ROLES.find((role) => role !== by.role) ?? ""}`;
    throw new SluiceError("ERR_STATE", { kind: "run", name, state: `reviewed by ${by.role}`, needed });
  }
}

/** A completed run with its reviews. */
export interface ReviewedRun {
  readonly run: Run;
  readonly reviews: readonly RoleReview[];
}

/** The form of the product that a release makes, when it names exactly what one approved run produced.
 *  @throws ERR_NOT_FOUND without any run; ERR_BUNDLE_CHANGED; ERR_BODY_INVALID when model, manifest or report are
 *  others; ERR_STATE without both approvals, and when the run's job serves nothing */
export async function checkRelease(release: Release, candidates: readonly ReviewedRun[]): Promise<ProductForm> {
  const completed = candidates.filter(({ run }) => run.state === "completed");
  if (completed.length === 0) throw new SluiceError("ERR_NOT_FOUND", { kind: "run", name: release.product });
  const ofBundle = completed.filter(({ run }) => run.bundle === release.bundle);
  if (ofBundle.length === 0) throw new SluiceError("ERR_BUNDLE_CHANGED");
  const fitting: ReviewedRun[] = [];
  let mismatch = "guardReport";
  for (const candidate of ofBundle) {
    const wrong = await firstMismatch(release, candidate.run);
    if (wrong === null) fitting.push(candidate);
    else mismatch = wrong;
  }
  const [first] = fitting;
  if (first === undefined) {
    throw new SluiceError("ERR_BODY_INVALID", {
      pointer: `/body/${mismatch}`,
      expected: mismatch === "params" ? "those of the reviewed run" : "the hash of the reviewed run's",
    });
  }
  const name = first.run.callId;
  if (!fitting.some(({ reviews }) => runReviewState(reviews) === "approved")) {
    const state = runReviewState(first.reviews) === "rejected" ? "rejected" : "awaiting review";
    throw new SluiceError("ERR_STATE", { kind: "run", name, state, needed: "approved" });
  }
  // Fitting runs have one manifest: the release names its hash.
  const form = first.run.manifest === undefined ? null : formOf(first.run.manifest);
  if (form !== null) return form;
  throw new SluiceError("ERR_STATE", { kind: "run", name, state: "of a job that serves nothing", needed: SERVED });
}

async function firstMismatch(
  release: Release,
  run: Run,
): Promise<"manifest" | "params" | "model" | "guardReport" | null> {
  const { manifest, params, model, guardReport } = run;
  if (manifest === undefined || (await documentHash(manifest)) !== release.manifest) return "manifest";
  if (!sameParams(params, release.params)) return "params";
  if ((model === undefined ? undefined : await documentHash(model)) !== release.model) return "model";
  if (guardReport === undefined || (await documentHash(guardReport)) !== release.guardReport) return "guardReport";
  return null;
}
