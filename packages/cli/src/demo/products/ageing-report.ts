/** 老龄化报告: visits, their mean charge and how many follow one soon before, by age band and district. The planning bureau reads
 *  one table, the same for everybody, in which no group of fewer than ten persons is shown.
 *  @module */
import type { Policy } from "@sluice/protocol";
import { askReport } from "../ask/ask-report.ts";
import type { City } from "../city/tables.ts";
import type { PlainRow } from "../oracles/grouped-table.ts";
import { columnOf, rowCount, step } from "../oracles/plain-rows.ts";
import { GENERATED_PERSONS, exampleBundle, sampleRows, type ProductPlan } from "../plan.ts";
import type { SceneSpec } from "../scene.ts";

const PRODUCT = "ageing-report";
/** Districts with a level of their own, in the order of the job's levels; the next levels are Ningbo, and elsewhere. */
const DISTRICTS = ["330102", "330105", "330106", "330108", "330109", "330110", "330111"];
const NINGBO = "3302";
/** A visit at most so many days after another one of the same patient follows it. */
const SOON_DAYS = 30;
const DAY_MS = 86_400_000;

function policy(rows: number): Policy {
  return {
    version: 1,
    resource: "visits",
    columns: {
      age: { role: "quasi", transform: { kind: "hierarchy", level: 1 } },
      region: { role: "quasi", transform: { kind: "keep" } },
      patient_number: { role: "direct", transform: { kind: "token" } },
      // No program sees on which day somebody was where: all dates of a person move by the same days, so that intervals stay.
      visit_date: { role: "sensitive", transform: { kind: "dateShift", maxDays: 180 } },
      charge: { role: "sensitive", transform: { kind: "bucket", width: 10, min: 0, max: 100_000 } },
    },
    sample: { rows, strata: [] },
    k: 5,
    // Rows are counted beside those of the other samples of the table, finer together than bands and districts.
    suppressionLimit: 0.45,
    gate: GENERATED_PERSONS,
  };
}

function ageingReport(rows: number): SceneSpec {
  return {
    domain: "health",
    department: "health-department",
    title: "老龄化就医报告 Ageing and visits to hospital",
    purpose: "ageing-report",
    free: { purpose: "public-governance", uses: ["policy-making"], agreement: "gy-2026-4" },
    value: "Where older people live and what their care costs decides where the next clinics are built.",
    application: {
      economicValue: "Clinics are built where they are used.",
      socialValue: "Older people get care near their homes.",
      businessModel: "A public duty without a price; a report every half year.",
      dataRationale: "A grouped table: five age bands, nine districts, two means. No person, day or hospital is in it.",
    },
    form: "report",
    callers: ["planning-bureau"],
    restrictions: [
      "Name the source when the table is published.",
      "Do not subtract it from other tables to single out a group.",
    ],
    key: "resident_id",
    fields: [
      { name: "age", need: "in bands of 15 years: the report's first dimension" },
      { name: "region", need: "district: the report's second dimension" },
      { name: "patient_number", need: "as a token: which visits are one patient's" },
      { name: "visit_date", need: "moved, each patient's by days of its own: whether a visit follows one soon before" },
      { name: "charge", need: "in tens of yuan: its mean per group" },
    ],
    policy: policy(rows),
    probe: { granted: "age", outside: "hospital" },
  };
}

/** The product on a generated city. */
export async function ageingReportPlan(data: City): Promise<ProductPlan> {
  return {
    spec: ageingReport(sampleRows(rowCount(data.health))),
    product: PRODUCT,
    code: await exampleBundle("ageing-report/job.ts"),
    again: { words: ["report", PRODUCT] },
    ask: ({ client, progress }) => askReport(client, { product: PRODUCT, rows: () => plainRows(data), progress }),
  };
}

function* plainRows({ health }: City): Generator<PlainRow> {
  const column = columnOf(health);
  const [person, age, region, charge] = ["resident_id", "age", "region", "charge"].map(column);
  const date = column("visit_date");
  const days = new Map<string, number[]>();
  for (const row of health.rows()) {
    const known = days.get(row[person ?? -1] ?? "") ?? [];
    days.set(row[person ?? -1] ?? "", [...known, dayOf(row[date])]);
  }
  for (const row of health.rows()) {
    const day = dayOf(row[date]);
    const soon = (days.get(row[person ?? -1] ?? "") ?? []).some((other) => other < day && day <= other + SOON_DAYS);
    const code = row[region ?? -1] ?? "";
    const district = DISTRICTS.indexOf(code);
    const elsewhere = code.startsWith(NINGBO) ? DISTRICTS.length : DISTRICTS.length + 1;
    yield {
      person: row[person ?? -1] ?? "",
      at: [step(row[age ?? -1], 15, 15, 75) / 15 - 1, district < 0 ? elsewhere : district],
      values: { charge: step(row[charge ?? -1], 10, 0, 100_000), again: soon ? 1 : 0 },
    };
  }
}

function dayOf(date: string | undefined): number {
  return Date.parse(date ?? "") / DAY_MS;
}
