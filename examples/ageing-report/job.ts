/** 老龄化报告 — ageing and visits to hospital: visits, their mean charge and how many follow one soon before, by age band and
 *  district. The job only says which group each visit is in; counting, rounding and leaving small groups out is done outside of
 *  it. Dates are moved by days that are the same for all of one patient: what is between two of them is as it was.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";

/** The policy's age bands: `15` stands for 15 to 29, `75` for 75 and above. */
const BAND_YEARS = 15;
const BANDS = ["<30", "30-44", "45-59", "60-74", "≥75"];
/** Districts with a group of their own, by their code; two more groups are Ningbo, and all the others. */
const DISTRICTS: Readonly<Record<string, string>> = {
  "330102": "上城 Shangcheng",
  "330105": "拱墅 Gongshu",
  "330106": "西湖 Xihu",
  "330108": "滨江 Binjiang",
  "330109": "萧山 Xiaoshan",
  "330110": "余杭 Yuhang",
  "330111": "富阳 Fuyang",
};
const NINGBO = "3302";
const CODES = Object.keys(DISTRICTS);
/** A visit at most so many days after another one of the same patient follows it. */
const SOON_DAYS = 30;
const DAY_MS = 86_400_000;

export default defineJob({
  name: "ageing-report",
  purpose: "ageing-report",
  input: { age: "f64", region: "dict", charge: "f64", patient_number: "dict", visit_date: "dict" },
  outputs: {
    fit: { kind: "metrics", keys: ["rows", "older"] },
    visits: {
      kind: "table",
      dimensions: [
        { name: "age", levels: BANDS },
        { name: "district", levels: [...Object.values(DISTRICTS), "宁波 Ningbo", "其他 Elsewhere"] },
      ],
      measures: ["charge", "again"],
    },
  },

  develop(rows, { log }) {
    const older = rows.age.values.reduce((count, age) => count + (age >= 60 ? 1 : 0), 0);
    const again = followsSoon(rows).reduce((count, soon) => count + soon, 0);
    const percent = (visits: number): number => Math.round((100 * visits) / rows.rowCount);
    log(
      `${rows.rowCount} visits, ${percent(older)} % at 60 and above, ${percent(again)} % within ${SOON_DAYS} days after another`,
    );
    return { fit: { rows: rows.rowCount, older: older / rows.rowCount } };
  },

  produce(rows) {
    const districts = rows.region.dictionary.map(districtOf);
    return {
      visits: {
        dimensions: {
          age: Uint8Array.from(rows.age.values, (age) => age / BAND_YEARS - 1),
          district: Uint8Array.from(rows.region.values, (code) => districts[code] ?? CODES.length + 1),
        },
        measures: { charge: rows.charge.values, again: followsSoon(rows) },
      },
    };
  },
});

/** Level of a division's code. */
function districtOf(code: string): number {
  const own = CODES.indexOf(code);
  if (own >= 0) return own;
  return code.startsWith(NINGBO) ? CODES.length : CODES.length + 1;
}

/** Texts with a code for each row. */
interface Texts {
  readonly values: ArrayLike<number>;
  readonly dictionary: readonly string[];
}

/** 1 for each visit that follows another one of its patient, 0 for the others. */
function followsSoon(rows: { rowCount: number; patient_number: Texts; visit_date: Texts }): Float64Array {
  const { rowCount, patient_number: patients, visit_date: dates } = rows;
  const days = dates.dictionary.map((date) => Date.parse(date) / DAY_MS);
  const dayOf = (row: number): number => days[dates.values[row] ?? -1] ?? Number.NaN;
  const known = patients.dictionary.map((): number[] => []);
  for (let row = 0; row < rowCount; row++) known[patients.values[row] ?? -1]?.push(dayOf(row));
  return Float64Array.from({ length: rowCount }, (_, row) => {
    const day = dayOf(row);
    const others = known[patients.values[row] ?? -1] ?? [];
    return others.some((other) => other < day && day <= other + SOON_DAYS) ? 1 : 0;
  });
}
