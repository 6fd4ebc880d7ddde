/** 保险定价: an insurer scores applicants under encryption with a model that was fitted on hospital visits. It learns the
 *  scores, the health commission nothing of the applicants.
 *  @module */
import { MAX_SCORE_ROWS, type Policy } from "@sluice/protocol";
import { askScores } from "../ask/ask-score.ts";
import { SeededRandom } from "../city/random.ts";
import type { City } from "../city/tables.ts";
import { rowCount } from "../oracles/plain-rows.ts";
import { GENERATED_PERSONS, exampleBundle, sampleRows, type ProductPlan } from "../plan.ts";
import type { SceneSpec } from "../scene.ts";

const PRODUCT = "insurance-pricing";
/** Applicants in the file that a person may score again. */
const FILE_ROWS = 20;

function policy(rows: number): Policy {
  return {
    version: 1,
    resource: "visits",
    columns: {
      age: { role: "quasi", transform: { kind: "hierarchy", level: 1 } },
      gender: { role: "quasi", transform: { kind: "keep" } },
      inpatient: { role: "sensitive", transform: { kind: "keep" } },
    },
    sample: { rows, strata: [] },
    k: 5,
    suppressionLimit: 0.15,
    gate: GENERATED_PERSONS,
  };
}

function insurancePricing(rows: number): SceneSpec {
  return {
    domain: "health",
    department: "health-department",
    title: "补充医疗险定价 Pricing of supplementary insurance",
    purpose: "insurance-pricing",
    value: "A supplementary insurance is priced by how often visits end in a hospital stay, not by guesses.",
    application: {
      economicValue: "A fair premium: the insurer knows the risk of an age group instead of adding a margin for doubt.",
      socialValue: "Applicants are not asked for medical records, and the commission never sees who applied.",
      businessModel: "The insurer scores batches of applicants, at three fen an applicant.",
      dataRationale:
        "Three columns: age in bands of fifteen years, sex, and whether a visit became a stay. No diagnosis, no hospital.",
    },
    form: "score",
    price: { kind: "per-unit", unit: "score-row", amount: "0.03", currency: "CNY" },
    callers: ["harbour-insurance"],
    restrictions: ["Score only applicants who have asked for an offer.", "A score sets a premium; it refuses nobody."],
    key: "resident_id",
    fields: [
      { name: "age", need: "in bands of fifteen years: the main factor of the risk" },
      { name: "gender", need: "second factor of the risk" },
      { name: "inpatient", need: "outcome that the model learns" },
    ],
    policy: policy(rows),
    probe: { granted: "age", outside: "hospital" },
  };
}

/** The product on a generated city. */
export async function insurancePricingPlan(data: City, seed: string): Promise<ProductPlan> {
  const columns = applicants(seed);
  return {
    spec: insurancePricing(sampleRows(rowCount(data.health))),
    product: PRODUCT,
    code: await exampleBundle("insurance-pricing/job.ts"),
    again: { words: ["score", PRODUCT, "FILE"], file: { name: `${PRODUCT}.csv`, text: csvOf(columns, FILE_ROWS) } },
    ask: ({ client, model, progress }) =>
      askScores(client, { product: PRODUCT, columns, model, link: "logistic", progress }),
  };
}

/** Made-up applicants: as many as one request may hold. */
function applicants(seed: string): Record<string, Float64Array> {
  const random = new SeededRandom(seed, "applicants");
  return {
    age: Float64Array.from({ length: MAX_SCORE_ROWS }, () => random.int(18, 80)),
    "gender=male": Float64Array.from({ length: MAX_SCORE_ROWS }, () => random.int(0, 1)),
  };
}

function csvOf(columns: Readonly<Record<string, Float64Array>>, rows: number): string {
  const names = Object.keys(columns);
  const lines = Array.from({ length: rows }, (_, row) => names.map((name) => columns[name]?.[row]).join(","));
  return `${[names.join(","), ...lines].join("\n")}\n`;
}
