/** 养老展望 — pension outlook: how many are insured and for how long, by age band and sex, with noise. The job declares the
 *  table and the domain makes it: no function of this file sees a real row.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";

export default defineJob({
  name: "pension-outlook",
  purpose: "pension-outlook",
  input: { age: "f64", gender: "dict", months_insured: "f64" },
  outputs: {
    fit: { kind: "metrics", keys: ["rows", "months"] },
    outlook: {
      kind: "noisy-table",
      dimensions: [
        { name: "age", field: "age", levels: ["<40", "40-59", "≥60"], breaks: [40, 60] },
        { name: "sex", field: "gender", levels: ["女 female", "男 male"], values: { female: 0, male: 1 } },
      ],
      measures: [{ name: "months", field: "months_insured", min: 0, max: 480, digits: 0 }],
      // One row to a person. A tenth of the budget that the department allows: ten such tables, over all parties.
      contribution: { rows: 1, groups: 1 },
      loss: { mechanism: "gaussian", rho: "0.05" },
    },
  },

  develop(rows, { log }) {
    const months = rows.months_insured.values.reduce((sum, value) => sum + value, 0) / rows.rowCount;
    log(`${rows.rowCount} persons, insured for ${Math.round(months)} months on average`);
    return { fit: { rows: rows.rowCount, months } };
  },
});
