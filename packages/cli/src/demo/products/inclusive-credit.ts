/** 普惠信贷, inclusive credit: a bank looks one applicant's band up, and nobody learns whose.
 *  @module */
import type { Policy } from "@sluice/protocol";
import { askPrivately } from "../ask/ask-lookup.ts";
import type { City } from "../city/tables.ts";
import { GENERATED_PERSONS, exampleBundle, sampleRows, type ProductPlan } from "../plan.ts";
import { plainLabels } from "../oracles/credit-bands.ts";
import type { SceneSpec } from "../scene.ts";

/** Product that the walk builds and serves. */
export const PRODUCT = "inclusive-credit";
/** Column by which the bank asks. */
export const KEY_FIELD = "resident_id";

/** Canary persons who are asked about first. */
const ASKED_CANARIES = 4;

/** Fields a job may read, each with its need. */
const FIELDS = [
  { name: "name", need: "as a token: to report repeated entries without a name" },
  { name: "phone", need: "enciphered, still a number: to report numbers that several persons share" },
  { name: "region", need: "city of the insured, as a risk factor" },
  { name: "age", need: "in bands: a risk factor of every credit model" },
  { name: "months_insured", need: "length of contribution: the main signal of steady work" },
  { name: "monthly_base", need: "contribution base, in steps of 500 yuan: income level" },
  { name: "arrears_months", need: "months in arrears: payment discipline" },
  { name: "fund_months", need: "months of housing fund: steady work" },
  { name: "defaulted", need: "outcome that the model learns" },
] as const;

/** How jobs see the social-insurance table. Identified by its hash in the grant. */
function creditPolicy(rows: number): Policy {
  return {
    version: 1,
    resource: "social-insurance",
    columns: {
      resident_id: { role: "direct", transform: { kind: "drop" } },
      name: { role: "direct", transform: { kind: "token" } },
      phone: { role: "direct", transform: { kind: "fpe", format: "mobile", cipher: "sm4" } },
      region: { role: "quasi", transform: { kind: "hierarchy", level: 1 } },
      age: { role: "quasi", transform: { kind: "bucket", width: 20, min: 20, max: 60 } },
      months_insured: { role: "other", transform: { kind: "bucket", width: 12, min: 0, max: 480 } },
      monthly_base: { role: "sensitive", transform: { kind: "bucket", width: 500, min: 0, max: 40_000 } },
      arrears_months: { role: "sensitive", transform: { kind: "bucket", width: 1, min: 0, max: 24 } },
      fund_months: { role: "other", transform: { kind: "bucket", width: 12, min: 0, max: 480 } },
      defaulted: { role: "sensitive", transform: { kind: "keep" } },
    },
    sample: { rows, strata: [] },
    k: 5,
    suppressionLimit: 0.15,
    gate: GENERATED_PERSONS,
  };
}

/** The scene, with a sample of `rows`. */
export function inclusiveCredit(rows: number): SceneSpec {
  return {
    domain: "hrss",
    department: "hrss-department",
    title: "普惠信贷 Inclusive credit",
    purpose: "inclusive-credit",
    value: "Small borrowers without collateral get a fair answer from their record of steady work.",
    application: {
      economicValue: "Small loans are priced by a record of steady work instead of by collateral that is not there.",
      socialValue: "Self-employed and young borrowers are no longer refused for the want of a credit history.",
      businessModel: "Banks ask one applicant at a time, after that applicant's consent, at half a yuan a question.",
      dataRationale: "Contribution months and arrears carry the signal; a band of four letters is all that is told.",
    },
    form: "label-lookup",
    price: { kind: "per-unit", unit: "pir-query", amount: "0.50", currency: "CNY" },
    callers: ["river-bank", "closed-bank"],
    restrictions: [
      "Ask only about a person who has applied for a loan and has agreed to this question.",
      "A band supports a decision; nobody is refused by it alone.",
    ],
    key: KEY_FIELD,
    fields: FIELDS.map((field) => ({ ...field })),
    policy: creditPolicy(rows),
    probe: { granted: "age", outside: "housing_fund_monthly" },
  };
}

/** The product on a generated city. */
export async function inclusiveCreditPlan(data: City): Promise<ProductPlan> {
  const { hrss, canaries, persons } = data;
  const [first = []] = hrss.rows();
  return {
    spec: inclusiveCredit(sampleRows(persons)),
    product: PRODUCT,
    code: await exampleBundle("inclusive-credit/job.ts"),
    again: { words: ["lookup", PRODUCT, first[hrss.header.indexOf(KEY_FIELD)] ?? ""] },
    ask: ({ client, model, progress }) =>
      askPrivately(client, {
        product: PRODUCT,
        expected: plainLabels(hrss, KEY_FIELD, model),
        first: canaries.slice(0, ASKED_CANARIES).map(({ residentId }) => residentId),
        progress,
      }),
  };
}
