/** A job on the UCI Adult table: the odds of earning more than 50,000 a year, served as a score over encrypted columns.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";
import { auc, designMatrix, featureNames, logisticRegression, predict } from "@sluice/sandbox/kit";

export default defineJob({
  name: "adult-score",
  purpose: "income-statistics",
  input: { age: "f64", education_num: "f64", hr_per_week: "f64", marital: "dict", sex: "dict", income: "dict" },
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    model: { kind: "linear-model", maxParameters: 24 },
    odds: { kind: "score", featureBound: 128, link: "logistic" },
  },
  develop(rows, { log }) {
    const above = rows.income.dictionary.indexOf(">50K");
    const labels = Uint8Array.from(rows.income.values, (code) => (code === above ? 1 : 0));
    const features = featureNames(rows, ["age", "education_num", "hr_per_week", "marital", "sex"]);
    const model = logisticRegression(designMatrix(rows, features), labels);
    const fit = { auc: auc(predict(model, rows), labels), rows: rows.rowCount };
    log(`score auc ${fit.auc.toFixed(3)}`);
    return { fit, model };
  },
});
