/** One product of a walk, from its scene to its compared answers. A product that is served already is only asked.
 *  @module */
import type { EvidencedReceipt, ProductForm, Run, RunEvent } from "@sluice/protocol";
import { grantScene } from "./govern.ts";
import type { ProductPlan } from "./plan.ts";
import { developJob, releaseAndBuild, runFailure } from "./product.ts";
import type { CallKind, CallResult, Narrator, PrivacyPrice, SampleResult } from "./report.ts";
import type { RunningCity } from "./running-city.ts";
import { usualTerms } from "./scene.ts";
import type { KeptProduct } from "./walk-state.ts";

/** What each form is called, and what its caller does. */
const FORMS: Readonly<Record<ProductForm, { readonly kind: CallKind; readonly asking: string }>> = {
  "label-lookup": { kind: "lookup", asking: "a caller asks privately, for persons who are there and who are not" },
  "psi-ids": { kind: "psi-ids", asking: "a caller learns which entries of its list match, and nobody learns the list" },
  "psi-cardinality": { kind: "psi-cardinality", asking: "a caller learns about how many entries match, not which" },
  "join-sum": { kind: "join-sum", asking: "a caller learns the sum of values over its list, not whose they are" },
  score: { kind: "score", asking: "a caller has rows scored that the domain cannot read" },
  report: { kind: "report", asking: "a caller reads a grouped table without small cells" },
  dataset: { kind: "dataset", asking: "a caller reads the rows of a certified sample" },
  "hidden-selection": {
    kind: "hidden-selection",
    asking: "a caller gets noisy sums over groups, and nobody learns which",
  },
};

/** A table with noise has the form of a report, and other words. */
const NOISY = { kind: "noisy-report", asking: "a caller reads a grouped table with noise" } as const;

/** Kind of a product's calls, and what its caller does. */
export function wordsOf({ kind, spec }: Pick<ProductPlan, "kind" | "spec">): { kind: CallKind; asking: string } {
  return kind === NOISY.kind ? NOISY : FORMS[spec.form];
}

/** A product that answers, with the receipts of its runs. */
export interface Made {
  readonly kept: KeptProduct;
  readonly receipts: readonly EvidencedReceipt[];
  readonly sample: SampleResult | null;
  readonly price: PrivacyPrice | null;
}

/** Governance, development, release and build of one product. */
export async function makeProduct(running: RunningCity, narrator: Narrator, plan: ProductPlan): Promise<Made> {
  const { spec, product, code } = plan;
  const grant = await narrator.step(`${product}/scene`, "  application, two reviews, the department's grant", () =>
    grantScene(running, spec, usualTerms(product, new Date())),
  );
  const run = await narrator.step(
    `${product}/develop`,
    "  a developer's job runs on a desensitised sample",
    async (progress) => {
      const done = await developJob(running, grant, product, code, telling(progress));
      if (done.state !== "completed") throw runFailure(done);
      return done;
    },
  );
  const sample = tellOfRun(narrator, run);
  const served = await narrator.step(
    `${product}/release`,
    "  two reviews, the department's release, the build",
    (progress) => releaseAndBuild(running, spec.department, grant, run, telling(progress)),
  );
  const { version, registrationCode } = served.product;
  narrator.say(`    ${product} version ${version} is registered as ${registrationCode}`);
  const price = priceOf(plan, served.runs);
  if (price !== null) narrator.say(`    cost ρ = ${price.microRho / 1e6} of the privacy budget of its table`);
  return {
    kept: { grant, product: served.product, ...(served.model === undefined ? {} : { model: served.model }) },
    receipts: served.runs.flatMap(({ receipt }) => (receipt === undefined ? [] : [receipt])),
    sample: sample === null ? null : { product, ...sample },
    price,
  };
}

/** Asks the product as its first caller, and compares. */
export async function askProduct(
  running: RunningCity,
  narrator: Narrator,
  plan: ProductPlan,
  { model }: KeptProduct,
): Promise<{ readonly result: CallResult; readonly receipts: readonly EvidencedReceipt[] }> {
  const { kind, asking } = wordsOf(plan);
  const client = running.client(plan.spec.callers[0]);
  const { result, receipts } = await narrator.step(`${plan.product}/ask`, `  ${asking}`, (progress) =>
    plan.ask({ client, model, progress }),
  );
  return { result: { kind, ...result, p50Ms: Math.round(result.p50Ms * 10) / 10 }, receipts };
}

/** What the price of the build was, as its receipt says, beside what the plan says. */
function priceOf({ product, microRho }: ProductPlan, runs: readonly Run[]): PrivacyPrice | null {
  const told = runs.map(({ receipt }) => Number(receipt?.receipt.body.privacyCost ?? 0)).reduce((a, b) => a + b, 0);
  if (told === 0 && microRho === undefined) return null;
  return { product, microRho: told, ok: told === microRho };
}

function tellOfRun(narrator: Narrator, { callId: run, log, certificate }: Run): Omit<SampleResult, "product"> | null {
  for (const line of log) narrator.say(`    ${line}`);
  if (certificate?.level === undefined) return null;
  const { sampleRows, k, suppressedRows, level, overallRisk = 1, fidelity } = certificate;
  const like = fidelity === undefined ? "" : `, ${Math.round(100 * fidelity)} % like the table`;
  narrator.say(
    `    sample: ${sampleRows} rows, ${suppressedRows} suppressed, k = ${k}, risk R = ${overallRisk} (level ${level})${like}`,
  );
  return { run, sampleRows, suppressedRows, k, level, overallRisk, ...(fidelity === undefined ? {} : { fidelity }) };
}

function telling(progress: (text: string) => void): (event: RunEvent) => void {
  return (event) => {
    if (event.kind === "progress") progress(`${event.percent} %`);
    if (event.kind === "state") progress(event.state);
  };
}
