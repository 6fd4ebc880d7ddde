/** 养老展望: insured persons and their months by age band and sex, as a table with noise that the department's privacy budget
 *  pays for.
 *  @module */
import type { Policy } from "@sluice/protocol";
import { askNoisyReport } from "../ask/ask-report.ts";
import type { City } from "../city/tables.ts";
import type { NoisyQuestion } from "../oracles/noisy-table.ts";
import { columnOf, step } from "../oracles/plain-rows.ts";
import { exampleBundle, GENERATED_PERSONS, sampleRows, type ProductPlan } from "../plan.ts";
import type { SceneSpec } from "../scene.ts";

const PRODUCT = "pension-outlook";
const SEXES = ["female", "male"];
/** What the job declares: ρ in millionths, and the largest number of months that counts. */
const PRICE_MICRO_RHO = 50_000;
const MAX_MONTHS = 480;

function policy(rows: number): Policy {
  return {
    version: 1,
    resource: "social-insurance",
    columns: {
      age: { role: "quasi", transform: { kind: "hierarchy", level: 1 } },
      gender: { role: "quasi", transform: { kind: "keep" } },
      months_insured: { role: "other", transform: { kind: "bucket", width: 12, min: 0, max: 480 } },
    },
    sample: { rows, strata: [] },
    k: 5,
    suppressionLimit: 0.15,
    gate: GENERATED_PERSONS,
  };
}

function pensionOutlook(rows: number): SceneSpec {
  return {
    domain: "hrss",
    department: "hrss-department",
    title: "养老展望 Pension outlook",
    purpose: "pension-outlook",
    free: { purpose: "public-governance", uses: ["policy-making"], agreement: "gy-2026-1" },
    value: "A plan for thirty years rests on how long people of each age have paid in.",
    application: {
      economicValue: "Funds are planned with figures of this month instead of a census of years ago.",
      socialValue: "A shortfall of one generation is seen while it can still be met.",
      businessModel: "A public duty without a price; a table every half year.",
      dataRationale:
        "Six cells with noise. What they tell of one person is bounded, with all other noisy tables together.",
    },
    form: "report",
    callers: ["planning-bureau"],
    restrictions: ["State the standard error when a figure is published."],
    key: "resident_id",
    fields: [
      { name: "age", need: "in bands of 20 years: the table's first dimension" },
      { name: "gender", need: "the table's second dimension" },
      { name: "months_insured", need: "in years: its mean per group" },
    ],
    policy: policy(rows),
    probe: { granted: "age", outside: "monthly_base" },
  };
}

/** The product on a generated city. */
export async function pensionOutlookPlan(data: City): Promise<ProductPlan> {
  const question: NoisyQuestion = {
    levels: [3, SEXES.length],
    measures: { months: MAX_MONTHS },
    microRho: PRICE_MICRO_RHO,
    rows: () => plainRows(data),
  };
  return {
    spec: pensionOutlook(sampleRows(data.persons)),
    product: PRODUCT,
    code: await exampleBundle("pension-outlook/job.ts"),
    kind: "noisy-report",
    microRho: PRICE_MICRO_RHO,
    again: { words: ["report", PRODUCT] },
    ask: ({ client, progress }) => askNoisyReport(client, { product: PRODUCT, question, progress }),
  };
}

function* plainRows({ hrss }: City): Generator<{ at: number[]; values: Record<string, number> }> {
  const column = columnOf(hrss);
  const [age, gender, months] = ["age", "gender", "months_insured"].map(column);
  for (const row of hrss.rows()) {
    yield {
      at: [step(row[age ?? -1], 20, 20, 60) / 20 - 1, SEXES.indexOf(row[gender ?? -1] ?? "")],
      values: { months: step(row[months ?? -1], 12, 0, MAX_MONTHS) },
    };
  }
}
