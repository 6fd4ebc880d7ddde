/** How much leaves: of one run in bytes and numbers, of one source table over all runs in bits that a job could have chosen.
 *  @module */
import {
  canonicalBytes,
  type DomainFacts,
  type GuardFinding,
  type JobManifest,
  type JobOutput,
} from "@sluice/protocol";
import { releasedBits } from "./channel.ts";
import { finding } from "./finding.ts";

/** Bytes of one run that leave without a person's look, and with one. Ours, after OpenSAFELY's 16 MB of a file. */
const MAX_AUTOMATIC_BYTES = 65_536;
const MAX_REVIEWED_BYTES = 16_777_216;
/** Metrics of one run that leave without a person's look. Ours. */
const MAX_AUTOMATIC_SCALARS = 32;
/** Bits of one source table that leave without a person's look: all runs together what one run may. */
export const MAX_AUTOMATIC_BITS = 8 * MAX_AUTOMATIC_BYTES;

/** Stands for the whole output. */
const WHOLE_OUTPUT = "all";

/** Rules on what a development run lets out. */
export function checkReleaseSize(values: Extract<JobOutput, { class: "released" }>["values"]): GuardFinding[] {
  const bytes = canonicalBytes(values).length;
  let scalars = 0;
  for (const value of Object.values(values)) if (value.kind === "metrics") scalars += Object.keys(value.values).length;
  const size = bytes > MAX_REVIEWED_BYTES ? "refused" : bytes > MAX_AUTOMATIC_BYTES ? "review" : "passed";
  return [
    finding(WHOLE_OUTPUT, "release-bytes", size),
    finding(WHOLE_OUTPUT, "release-scalars", scalars > MAX_AUTOMATIC_SCALARS ? "review" : "passed"),
  ];
}

/** The ledger of the source table: nothing when the domain keeps none. */
export function checkBudget(
  manifest: JobManifest,
  kind: JobOutput["class"],
  { bitsBefore }: DomainFacts,
): GuardFinding[] {
  if (bitsBefore === undefined) return [];
  const bits = bitsBefore + releasedBits(manifest, kind);
  return [finding(WHOLE_OUTPUT, "release-budget", bits > MAX_AUTOMATIC_BITS ? "review" : "passed")];
}
