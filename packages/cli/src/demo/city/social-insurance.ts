/** Social insurance and housing fund of the demo city (人社局). Whether somebody defaulted on a loan follows a
 *  logistic model of the other columns, so that a job has something to learn.
 *  @module */
import type { Person, Population } from "./persons.ts";
import { SeededRandom, type Weighted } from "./random.ts";
import { REGION_HIERARCHY } from "./regions.ts";
import { field, type CityTable } from "./table.ts";

type Employment = "employee" | "flexible" | "self-employed" | "unemployed";

const EMPLOYMENT: [Weighted<Employment>, ...Weighted<Employment>[]] = [
  ["employee", 62],
  ["flexible", 20],
  ["self-employed", 13],
  ["unemployed", 5],
];
/** Chance that an insured quarter was paid late. */
const LATE: Record<Employment, number> = { employee: 0.15, flexible: 0.45, "self-employed": 0.35, unemployed: 0.6 };
/** What the kind of employment adds to the log odds of default. */
const EMPLOYMENT_EFFECT: Record<Employment, number> = {
  employee: 0,
  flexible: 0.5,
  "self-employed": 0.3,
  unemployed: 1,
};
/** Bounds of the contribution base, in yuan a month. */
const BASE_MIN = 4_812;
const BASE_MAX = 24_930;

const FIELDS = [
  field("resident_id", "公民身份号码", "text", "direct", "general-4"),
  field("name", "姓名", "text", "direct", "general-4"),
  field("phone", "手机号码", "text", "direct", "general-4"),
  field("region", "参保地区划代码", "text", "quasi", "general-2", REGION_HIERARCHY),
  field("gender", "性别", "text", "quasi", "general-2"),
  field("age", "年龄", "integer", "quasi", "general-2", { kind: "intervals", min: 20, max: 60, widths: [20] }),
  field("employment_type", "就业形式", "text", "other", "general-2"),
  field("months_insured", "累计参保月数", "integer", "other", "general-3"),
  field("monthly_base", "月缴费基数（元）", "decimal", "sensitive", "general-3"),
  field("arrears_months", "欠缴月数", "integer", "sensitive", "general-3"),
  field("housing_fund_monthly", "公积金月缴存额（元）", "decimal", "sensitive", "general-3"),
  field("fund_months", "公积金缴存月数", "integer", "other", "general-3"),
  field("defaulted", "贷款逾期", "boolean", "sensitive", "general-4"),
];

/** The table of the social insurance bureau: one row per person. */
export function socialInsurance(seed: string, { persons }: Population): CityTable {
  return {
    domain: "hrss",
    resource: "social-insurance",
    title: "社会保险与公积金缴存",
    source: "人力资源和社会保障局",
    fields: FIELDS,
    header: FIELDS.map(({ name }) => name),
    *rows() {
      const random = new SeededRandom(seed, "social-insurance");
      for (const person of persons) yield row(random, person);
    },
  };
}

function row(random: SeededRandom, person: Person): string[] {
  const employment = random.weighted(EMPLOYMENT);
  const working = Math.max(1, (person.age - 20) * 12);
  const monthsInsured = Math.min(480, Math.round(working * random.float() ** 0.6));
  const base = Math.min(BASE_MAX, Math.max(BASE_MIN, 7_400 * Math.exp(0.45 * random.normal())));
  let arrears = 0;
  while (arrears < 24 && random.chance(LATE[employment])) arrears++;
  const hasFund = random.chance(employment === "employee" ? 0.85 : 0.1);
  const fundMonths = hasFund ? Math.round(monthsInsured * (0.4 + 0.6 * random.float())) : 0;
  const fund = hasFund ? base * random.int(10, 24) * 0.01 : 0;

  const logOdds =
    -1.15 +
    0.55 * arrears +
    EMPLOYMENT_EFFECT[employment] -
    0.006 * Math.min(monthsInsured, 240) -
    0.005 * Math.min(fundMonths, 240) -
    0.00008 * (base - 7_400) -
    0.012 * (person.age - 36);
  const defaulted = random.chance(1 / (1 + Math.exp(-logOdds)));
  return [
    person.residentId,
    person.name,
    person.phone,
    person.region,
    person.gender,
    String(person.age),
    employment,
    String(monthsInsured),
    base.toFixed(2),
    String(arrears),
    fund.toFixed(2),
    String(fundMonths),
    String(defaulted),
  ];
}
