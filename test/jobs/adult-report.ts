/** A job on the UCI Adult table: persons and their mean working hours by marital status, sex and income.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";

const MARITAL = ["Divorce", "Married", "Never-m", "Separat", "Widowed"];
const NO_LEVEL = 255;

export default defineJob({
  name: "adult-report",
  purpose: "income-statistics",
  input: { marital: "dict", sex: "dict", income: "dict", hr_per_week: "f64" },
  outputs: {
    fit: { kind: "metrics", keys: ["rows"] },
    persons: {
      kind: "table",
      dimensions: [
        { name: "marital", levels: MARITAL },
        { name: "sex", levels: ["Female", "Male"] },
        { name: "income", levels: ["≤50K", ">50K"] },
      ],
      measures: ["hours"],
    },
  },
  develop: (rows) => ({ fit: { rows: rows.rowCount } }),
  produce(rows) {
    const codes = (column: { values: Uint32Array; dictionary: string[] }, levels: string[]): Uint8Array => {
      const places = column.dictionary.map((level) => levels.indexOf(level));
      return Uint8Array.from(column.values, (code) => {
        const place = places[code] ?? -1;
        return place < 0 ? NO_LEVEL : place;
      });
    };
    return {
      persons: {
        dimensions: {
          marital: codes(rows.marital, MARITAL),
          sex: codes(rows.sex, ["Female", "Male"]),
          income: codes(rows.income, ["<=50K", ">50K"]),
        },
        measures: { hours: rows.hr_per_week.values },
      },
    };
  },
});
