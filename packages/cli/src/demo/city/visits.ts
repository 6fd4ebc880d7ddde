/** Hospital visits of the demo city (卫健委): none for many, dozens for a few, more with age.
 *  @module */
import { REFERENCE_DATE, type Person, type Population } from "./persons.ts";
import { SeededRandom, type Weighted } from "./random.ts";
import { REGION_HIERARCHY } from "./regions.ts";
import { field, type CityTable } from "./table.ts";

const HOSPITALS: [Weighted<string>, ...Weighted<string>[]] = [
  ["市第一人民医院", 30],
  ["市中心医院", 22],
  ["市中医院", 14],
  ["省立医院城西院区", 10],
  ["妇幼保健院", 8],
  ["第三人民医院", 7],
  ["滨江社区卫生服务中心", 5],
  ["城东口腔医院", 3],
  ["眼科医院", 2],
];
const DEPARTMENTS: [Weighted<string>, ...Weighted<string>[]] = [
  ["内科", 30],
  ["外科", 14],
  ["骨科", 10],
  ["妇产科", 9],
  ["儿科", 4],
  ["眼科", 6],
  ["口腔科", 8],
  ["皮肤科", 6],
  ["心血管内科", 8],
  ["肿瘤科", 3],
  ["急诊科", 2],
];
const DAY_MS = 86_400_000;
const MAX_VISITS = 40;
/** Patient numbers that there are. */
const PATIENTS = 100_000_000;

const FIELDS = [
  field("visit_id", "就诊流水号", "integer", "direct", "general-3"),
  field("resident_id", "公民身份号码", "text", "direct", "general-4"),
  field("name", "姓名", "text", "direct", "general-4"),
  field("patient_number", "病案号", "text", "direct", "general-4"),
  field("gender", "性别", "text", "quasi", "general-2"),
  field("age", "年龄", "integer", "quasi", "general-2", { kind: "intervals", min: 15, max: 75, widths: [15] }),
  field("region", "参保地区划代码", "text", "quasi", "general-2", REGION_HIERARCHY),
  field("hospital", "医疗机构", "text", "quasi", "general-3"),
  field("department", "科室", "text", "sensitive", "general-4"),
  field("visit_date", "就诊日期", "date", "sensitive", "general-4"),
  field("inpatient", "住院", "boolean", "sensitive", "general-4"),
  field("charge", "费用（元）", "decimal", "sensitive", "general-4"),
  field("insured_paid", "医保支付（元）", "decimal", "sensitive", "general-4"),
];

/** The table of the health commission: one row per visit of the year before the reference date. */
export function visits(seed: string, { persons, canaryIndexes }: Population): CityTable {
  const canaries = new Set(canaryIndexes);
  return {
    domain: "health",
    resource: "visits",
    title: "门诊与住院就诊记录",
    source: "卫生健康委员会",
    fields: FIELDS,
    header: FIELDS.map(({ name }) => name),
    *rows() {
      const random = new SeededRandom(seed, "visits");
      const firstPatient = new SeededRandom(seed, "patients").int(0, PATIENTS - 1);
      let visitId = 0;
      for (const [i, person] of persons.entries()) {
        const count = Math.max(drawCount(random, person.age), canaries.has(i) ? 1 : 0);
        const patient = patientNumber(firstPatient, i);
        for (let visit = 0; visit < count; visit++) yield row(random, { person, patient, visitId: ++visitId });
      }
    },
  };
}

/** Geometric, with a mean that grows with age. */
function drawCount(random: SeededRandom, age: number): number {
  const again = Math.min(0.8, 0.25 + age / 140);
  let count = 0;
  while (count < MAX_VISITS && random.chance(again)) count++;
  return count;
}

/** Different for every `index` below 10^8: 48271 has no factor in common with 10. */
function patientNumber(first: number, index: number): string {
  return `BA${String((first + index * 48_271) % PATIENTS).padStart(8, "0")}`;
}

function row(
  random: SeededRandom,
  { person, patient, visitId }: { readonly person: Person; readonly patient: string; readonly visitId: number },
): string[] {
  const inpatient = random.chance(0.02 + person.age / 1_200);
  const charge = (inpatient ? 9_000 : 260) * Math.exp(0.8 * random.normal());
  const date = new Date(REFERENCE_DATE.getTime() - random.int(0, 364) * DAY_MS);
  return [
    String(visitId),
    person.residentId,
    person.name,
    patient,
    person.gender,
    String(person.age),
    person.region,
    random.weighted(HOSPITALS),
    random.weighted(DEPARTMENTS),
    date.toISOString().slice(0, 10),
    String(inpatient),
    charge.toFixed(2),
    (charge * (0.5 + 0.35 * random.float())).toFixed(2),
  ];
}
