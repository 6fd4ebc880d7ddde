/** What the guard says of one run: a finding for each rule, and one verdict that follows from them.
 *  The developer learns rule ids and declared fields; what was measured on rows stays in the domain.
 *  @module */
import { z } from "zod";
import { Instant, MemberName, Sha256Hex } from "./identifiers.ts";
import { ParamValues } from "./params.ts";

/** One rule the guard applied. */
export const GuardFinding = z.strictObject({
  output: MemberName,
  /** Stable rule id, for example `metrics-range`. */
  rule: z.string().regex(/^[a-z0-9-]{1,40}$/),
  /** It held; values were changed so that it holds; nobody but a person can tell; it refuses the output. */
  result: z.enum(["passed", "changed", "review", "refused"]),
  /** What was done or must change, in declared facts. */
  note: z.string().max(200),
});
export type GuardFinding = z.infer<typeof GuardFinding>;

/** What becomes of an output: it goes on as it was returned (`release`), as the guard changed it (`transform`), after a person
 *  has looked at it (`review`), or not at all (`refuse`). Every release is signed by an officer, whichever of the first three. */
export const GuardVerdict = z.enum(["release", "transform", "review", "refuse"]);
export type GuardVerdict = z.infer<typeof GuardVerdict>;

/** The strictest word of `findings`. */
export function verdictOf(findings: readonly Pick<GuardFinding, "result">[]): GuardVerdict {
  const has = (result: GuardFinding["result"]): boolean => findings.some((finding) => finding.result === result);
  if (has("refused")) return "refuse";
  if (has("review")) return "review";
  return has("changed") ? "transform" : "release";
}

/** The guard's signed-over report on one run. Its hash goes into release and receipt. */
export const GuardReport = z
  .strictObject({
    bundle: Sha256Hex,
    /** Params of the run; absent when its job has none. */
    params: ParamValues.optional(),
    class: z.enum(["released", "served"]),
    verdict: GuardVerdict,
    findings: z.array(GuardFinding).max(512),
    /** Hash of the output as it was let through; absent when it was refused. */
    output: Sha256Hex.optional(),
    at: Instant,
  })
  .refine(({ verdict, findings }) => verdict === verdictOf(findings), {
    path: ["verdict"],
    message: "the verdict that the findings amount to",
  });
export type GuardReport = z.infer<typeof GuardReport>;
