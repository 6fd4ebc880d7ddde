/** 参保比对: a list matched with the insured. The employment service learns who of its list is insured; the planning bureau
 *  only how many are. One table, one rule, two jobs.
 *  @module */
import { residentIdCheckDigit, type Policy, type PsiKind } from "@sluice/protocol";
import { askCount, askMatches, type ListQuestion } from "../ask/ask-match.ts";
import type { City } from "../city/tables.ts";
import { columnOf } from "../oracles/plain-rows.ts";
import { plainInsured } from "../oracles/members.ts";
import { GENERATED_PERSONS, exampleBundle, sampleRows, type Again, type ProductPlan } from "../plan.ts";
import type { SceneSpec } from "../scene.ts";

/** Entries of a list at most; in a small city it has a tenth as many as there are persons. */
const MAX_LIST_ENTRIES = 400;
/** Share of a list that is nobody. */
const ABSENT_SHARE = 0.25;

function policy(rows: number): Policy {
  return {
    version: 1,
    resource: "social-insurance",
    columns: {
      months_insured: { role: "other", transform: { kind: "bucket", width: 12, min: 0, max: 480 } },
      arrears_months: { role: "sensitive", transform: { kind: "bucket", width: 1, min: 0, max: 24 } },
    },
    sample: { rows, strata: [] },
    k: 5,
    // Rows are counted beside those of the other samples of the table.
    suppressionLimit: 0.15,
    gate: GENERATED_PERSONS,
  };
}

/** What both scenes have in common. */
function insured(rows: number) {
  return {
    domain: "hrss",
    department: "hrss-department",
    key: "resident_id",
    fields: [
      { name: "months_insured", need: "in years: a year of contributions makes an insured person" },
      { name: "arrears_months", need: "more than three months behind is not insured for this purpose" },
    ],
    policy: policy(rows),
    probe: { granted: "months_insured", outside: "monthly_base" },
  } as const;
}

/** The scene in which the employment service learns which entries match. */
function matchScene(rows: number): SceneSpec {
  return {
    ...insured(rows),
    fields: [...insured(rows).fields],
    title: "就业帮扶比对 Job seekers who are insured already",
    purpose: "employment-support",
    free: { purpose: "public-welfare", uses: ["public-service"], agreement: "gy-2026-2" },
    value: "The employment service stops calling people who have found work, and calls those who have not.",
    application: {
      economicValue: "Advisers spend their hours on people who still look for work.",
      socialValue: "People in work are left alone; people out of work are called sooner.",
      businessModel: "A public duty without a price; one list a week.",
      dataRationale: "Whether somebody is insured is one bit; no month, no employer and no amount is told.",
    },
    form: "psi-ids",
    callers: ["employment-service"],
    restrictions: ["Match only people who have registered as looking for work.", "Delete matches within 30 days."],
  };
}

/** The scene in which the planning bureau learns one number. */
function countScene(rows: number): SceneSpec {
  return {
    ...insured(rows),
    fields: [...insured(rows).fields],
    title: "片区参保人数 How many of a district are insured",
    purpose: "district-planning",
    free: { purpose: "public-governance", uses: ["policy-making"], agreement: "gy-2026-3" },
    value: "A district's plan rests on how many of its registered residents are insured, not on who they are.",
    application: {
      economicValue: "Offices and buses are planned where people work, with a figure of this month.",
      socialValue: "A figure is enough, so nobody is named to the planners.",
      businessModel: "A public duty without a price; a few lists a year.",
      dataRationale: "Only a count leaves: which entries were counted, neither side learns.",
    },
    form: "psi-cardinality",
    callers: ["planning-bureau"],
    restrictions: ["Count lists of at least a hundred people.", "Do not count lists that differ in a few people only."],
  };
}

/** The products on a generated city: one that matches, one that counts. */
export async function insuredMatchPlans(data: City): Promise<ProductPlan[]> {
  const rows = sampleRows(data.persons);
  const list = askedList(data);
  return [
    await plan("psi-ids", "insured-match", matchScene(rows), data, list),
    await plan("psi-cardinality", "insured-count", countScene(rows), data, list),
  ];
}

async function plan(
  kind: PsiKind,
  product: string,
  spec: SceneSpec,
  { hrss }: City,
  list: readonly string[],
): Promise<ProductPlan> {
  const file = kind === "psi-ids" ? "job.ts" : "count-job.ts";
  const ask = kind === "psi-ids" ? askMatches : askCount;
  return {
    spec,
    product,
    code: await exampleBundle(`insured-match/${file}`),
    again: listAgain(product, list),
    ask: ({ client, progress }) => {
      const question: ListQuestion = { product, list, expected: plainInsured(hrss), progress };
      return ask(client, question);
    },
  };
}

/** `sluice match` with the list in a file. */
export function listAgain(product: string, list: readonly string[]): Again {
  return { words: ["match", product, "FILE"], file: { name: `${product}.txt`, text: `${list.join("\n")}\n` } };
}

/** Canaries first, then persons over the whole table, then people who are in no table. */
export function askedList({ hrss, canaries, persons }: City): string[] {
  const key = columnOf(hrss)("resident_id");
  const everyone = Array.from(hrss.rows(), (row) => row[key] ?? "");
  const first = canaries.map(({ residentId }) => residentId);
  const entries = Math.min(MAX_LIST_ENTRIES, Math.floor(persons / 10));
  const absent = Math.round(entries * ABSENT_SHARE);
  const known = Math.max(0, entries - absent - first.length);
  const others = everyone.filter((id) => !first.includes(id));
  const stride = Math.max(1, Math.floor(others.length / Math.max(1, known)));
  const spread = others.filter((_, i) => i % stride === 0).slice(0, known);
  return [...first, ...spread, ...strangers(new Set(everyone), absent)];
}

/** `count` identity numbers with right check characters that nobody of the table has: of people born from 1900 on. */
function strangers(known: ReadonlySet<string>, count: number): string[] {
  const numbers: string[] = [];
  for (let i = 0; numbers.length < count; i++) {
    const birth = new Date(Date.UTC(1900, 0, 1 + Math.floor(i / 1_000))).toISOString().slice(0, 10).replaceAll("-", "");
    const digits = `110105${birth}${String(i % 1_000).padStart(3, "0")}`;
    const number = digits + residentIdCheckDigit(digits);
    if (!known.has(number)) numbers.push(number);
  }
  return numbers;
}
