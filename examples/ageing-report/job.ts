/** 老龄化报告 — ageing and visits to hospital: visits and their mean charge by age band and district. The job only says
 *  which group each visit is in; counting, rounding and leaving small groups out is done outside of it.
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

export default defineJob({
  name: "ageing-report",
  purpose: "ageing-report",
  input: { age: "f64", region: "dict", charge: "f64" },
  outputs: {
    fit: { kind: "metrics", keys: ["rows", "older"] },
    visits: {
      kind: "table",
      dimensions: [
        { name: "age", levels: BANDS },
        { name: "district", levels: [...Object.values(DISTRICTS), "宁波 Ningbo", "其他 Elsewhere"] },
      ],
      measures: ["charge"],
    },
  },

  develop(rows, { log }) {
    const older = rows.age.values.reduce((count, age) => count + (age >= 60 ? 1 : 0), 0);
    log(`${rows.rowCount} visits, ${Math.round((100 * older) / rows.rowCount)} % at 60 and above`);
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
        measures: { charge: rows.charge.values },
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
