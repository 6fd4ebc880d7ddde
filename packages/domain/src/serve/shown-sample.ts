/** A sample on its way out of the store: counted beside what was shown of the table, and noted before anybody has it.
 *  @module */
import type { CertifiedSample } from "../data/certified-sample.ts";
import { keepReport } from "../samples/kept-reports.ts";
import { sampleSeed } from "../samples/sample-seed.ts";
import type { HeldGrant } from "../state/documents.ts";
import type { DomainContext } from "./context.ts";
import { grantedCuts, grantedView } from "./granted-view.ts";

/** The sample of a grant, noted as shown, and the report on it kept.
 *  @throws ERR_SAMPLE_K, ERR_SAMPLE_MODEL, ERR_SAMPLE_GATE, ERR_POLICY, ERR_CANCELLED */
export async function drawShown(
  context: Pick<DomainContext, "clock" | "cuts" | "data" | "files" | "keyring" | "reports">,
  held: HeldGrant,
  signal: AbortSignal,
): Promise<CertifiedSample> {
  const cuts = grantedCuts(held, context.data.describe(held.grant.body.resource));
  const request = { ...grantedView(context, held, signal), seed: sampleSeed(context.keyring) };
  for (;;) {
    const counted = context.cuts.check(cuts);
    const sample = await context.data.drawSample({ ...request, counted });
    // Another sample may have been shown while this one was drawn: then it is counted again, beside that one.
    if (!context.cuts.put(cuts, counted)) continue;
    await keepReport(context, sample.report, signal);
    return sample;
  }
}
