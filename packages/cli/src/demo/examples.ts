/** The examples that a walk takes through: each is one or two products on the generated city.
 *  @module */
import type { ExampleName } from "./example-names.ts";
import type { GeneratedCity } from "./generated-city.ts";
import { profileIsPlain } from "./oracles/plain-profile.ts";
import type { ProductPlan, WalkPlan } from "./plan.ts";
import { annualFilings } from "./products/annual-filings.ts";
import { ageingReportPlan } from "./products/ageing-report.ts";
import { inclusiveCreditPlan } from "./products/inclusive-credit.ts";
import { insuredMatchPlans } from "./products/insured-match.ts";
import { insurancePricingPlan } from "./products/insurance-pricing.ts";
import { medicalAidPlan } from "./products/medical-aid.ts";
import { pensionOutlookPlan } from "./products/pension-outlook.ts";

const EXAMPLES: Readonly<Record<ExampleName, (generated: GeneratedCity) => Promise<ProductPlan[]>>> = {
  "inclusive-credit": async ({ data }) => [await inclusiveCreditPlan(data)],
  "insured-match": ({ data }) => insuredMatchPlans(data),
  "medical-aid": async ({ data }) => [await medicalAidPlan(data)],
  "insurance-pricing": async ({ data, seed }) => [await insurancePricingPlan(data, seed)],
  "ageing-report": async ({ data }) => [await ageingReportPlan(data)],
  "pension-outlook": async ({ data }) => [await pensionOutlookPlan(data)],
};

/** Examples of the whole walk: one product of each kind. */
const WHOLE_WALK: readonly ExampleName[] = [
  "inclusive-credit",
  "insured-match",
  "insurance-pricing",
  "ageing-report",
  "pension-outlook",
];

/** The walk of a generated city: a product of each kind with everything that is refused, or one example alone. */
export async function examplePlan(generated: GeneratedCity, only?: ExampleName): Promise<WalkPlan> {
  const names = only === undefined ? WHOLE_WALK : [only];
  const { desks, data } = generated;
  const { canaries, hrss } = data;
  return {
    products: (await Promise.all(names.map((name) => EXAMPLES[name](generated)))).flat(),
    refusals: only === undefined,
    below: annualFilings(data),
    ...(desks === null ? {} : { desks }),
    published: {
      domain: hrss.domain,
      resource: hrss.resource,
      isPlain: (profile) => profileIsPlain(profile, hrss, "gender"),
    },
    canaries: {
      persons: canaries.length,
      texts: canaries.flatMap(({ residentId, name, phone }) => [residentId, name, phone]),
    },
  };
}
