/** A job on the UCI Adult table: persons and their working hours by marital status and sex, with noise.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";

export default defineJob({
  name: "adult-noisy",
  purpose: "income-statistics",
  input: { marital: "dict", sex: "dict", hr_per_week: "f64" },
  outputs: {
    fit: { kind: "metrics", keys: ["rows"] },
    persons: {
      kind: "noisy-table",
      dimensions: [
        {
          name: "marital",
          field: "marital",
          levels: ["divorced", "married", "never", "separated", "widowed"],
          values: { Divorce: 0, Married: 1, "Never-m": 2, Separat: 3, Widowed: 4 },
        },
        { name: "sex", field: "sex", levels: ["female", "male"], values: { Female: 0, Male: 1 } },
      ],
      measures: [{ name: "hours", field: "hr_per_week", min: 0, max: 80, digits: 0 }],
      contribution: { rows: 1, groups: 1 },
      loss: { mechanism: "gaussian", rho: "0.02" },
    },
  },
  develop: (rows) => ({ fit: { rows: rows.rowCount } }),
});
