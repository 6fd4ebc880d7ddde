/** A job on the UCI Adult table: how likely a person earns more than 50,000 a year, in three bands.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";
import { auc, bands, designMatrix, featureNames, logisticRegression, predict } from "@sluice/sandbox/kit";

const COLUMNS = ["age", "education_num", "hr_per_week", "capital_gain", "marital", "sex"];

export default defineJob({
  name: "adult-income",
  purpose: "income-statistics",
  input: {
    age: "f64",
    education_num: "f64",
    hr_per_week: "f64",
    capital_gain: "f64",
    marital: "dict",
    sex: "dict",
    income: "dict",
  },
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    model: { kind: "linear-model", maxParameters: 24 },
    band: { kind: "labels", vocabulary: ["unlikely", "possible", "likely"] },
  },
  develop(rows, { progress, log }) {
    const above = rows.income.dictionary.indexOf(">50K");
    const labels = Uint8Array.from(rows.income.values, (code) => (code === above ? 1 : 0));
    const model = logisticRegression(designMatrix(rows, featureNames(rows, COLUMNS)), labels, { onProgress: progress });
    const fit = { auc: auc(predict(model, rows), labels), rows: rows.rowCount };
    log(`auc ${fit.auc.toFixed(3)} on ${fit.rows} rows`);
    return { fit, model };
  },
  produce(rows, model) {
    return { band: bands(predict(model, rows), [0.2, 0.5]) };
  },
});
