/** A job on the Statlog German credit table: loans and their mean amount by housing, age and outcome.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";

const HOUSING = ["A151", "A152", "A153"];
const NO_LEVEL = 255;

export default defineJob({
  name: "german-report",
  purpose: "loan-risk",
  input: { age: "f64", amount: "f64", housing: "dict", bad: "bool" },
  outputs: {
    fit: { kind: "metrics", keys: ["rows"] },
    loans: {
      kind: "table",
      dimensions: [
        { name: "housing", levels: ["rent", "own", "free"] },
        { name: "age", levels: ["<30", "30-44", "≥45"] },
        { name: "outcome", levels: ["good", "bad"] },
      ],
      measures: ["amount"],
    },
  },
  develop: (rows) => ({ fit: { rows: rows.rowCount } }),
  produce(rows) {
    const places = rows.housing.dictionary.map((code) => HOUSING.indexOf(code));
    return {
      loans: {
        dimensions: {
          housing: Uint8Array.from(rows.housing.values, (code) => {
            const place = places[code] ?? -1;
            return place < 0 ? NO_LEVEL : place;
          }),
          age: Uint8Array.from(rows.age.values, (age) => (age < 30 ? 0 : age < 45 ? 1 : 2)),
          outcome: rows.bad.values.slice(),
        },
        measures: { amount: rows.amount.values },
      },
    };
  },
});
