/** 医疗救助对象识别: the civil-affairs bureau learns who of its low-income list had a stay in hospital with high costs of
 *  their own, and can come forward with aid. Charges stay with the health commission.
 *  @module */
import type { Policy } from "@sluice/protocol";
import { askMatches } from "../ask/ask-match.ts";
import type { City } from "../city/tables.ts";
import { plainHighCharges } from "../oracles/members.ts";
import { rowCount } from "../oracles/plain-rows.ts";
import { GENERATED_PERSONS, exampleBundle, sampleRows, type ProductPlan } from "../plan.ts";
import type { SceneSpec } from "../scene.ts";
import { askedList, listAgain } from "./insured-match.ts";

const PRODUCT = "medical-aid";

function policy(rows: number): Policy {
  const hundreds = { kind: "bucket", width: 100, min: 0, max: 100_000 } as const;
  return {
    version: 1,
    resource: "visits",
    columns: {
      inpatient: { role: "sensitive", transform: { kind: "keep" } },
      charge: { role: "sensitive", transform: hundreds },
      insured_paid: { role: "sensitive", transform: hundreds },
    },
    sample: { rows, strata: [] },
    k: 5,
    // Rows are counted beside those of the other samples of the table.
    suppressionLimit: 0.15,
    gate: GENERATED_PERSONS,
  };
}

function medicalAid(rows: number): SceneSpec {
  return {
    domain: "health",
    department: "health-department",
    title: "医疗救助对象识别 Who may need medical aid",
    purpose: "medical-aid",
    free: { purpose: "public-welfare", uses: ["public-service"], agreement: "gy-2026-6" },
    value: "Families on a low income get medical aid without having to ask for it first.",
    application: {
      economicValue: "Aid reaches those whom one bill would push below the poverty line, at less cost than later help.",
      socialValue: "Nobody has to carry bills from office to office to be believed.",
      businessModel: "A public duty without a price; one list a month.",
      dataRationale: "One bit per listed person: a stay with 3,000 yuan or more of own costs. No amount, no illness.",
    },
    form: "psi-ids",
    callers: ["civil-affairs-bureau"],
    restrictions: [
      "Match only families that are registered as low-income.",
      "A match opens an offer of aid; it closes none.",
      "Delete matches when the offer has been answered.",
    ],
    key: "resident_id",
    fields: [
      { name: "inpatient", need: "aid is for stays in hospital" },
      { name: "charge", need: "in hundreds of yuan: own costs are charge less insurance" },
      { name: "insured_paid", need: "in hundreds of yuan: what the insurance has paid" },
    ],
    policy: policy(rows),
    probe: { granted: "charge", outside: "department" },
  };
}

/** The product on a generated city. */
export async function medicalAidPlan(data: City): Promise<ProductPlan> {
  const list = askedList(data);
  return {
    spec: medicalAid(sampleRows(rowCount(data.health))),
    product: PRODUCT,
    code: await exampleBundle("medical-aid/job.ts"),
    again: listAgain(PRODUCT, list),
    ask: ({ client, progress }) =>
      askMatches(client, { product: PRODUCT, list, expected: plainHighCharges(data.health), progress }),
  };
}
