/** A job on the Statlog German credit table: how likely a loan goes bad, served as a score over encrypted columns.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";
import { auc, designMatrix, featureNames, logisticRegression, predict } from "@sluice/sandbox/kit";

const FEATURES = ["duration", "amount", "age", "rate", "status", "savings", "history"];

export default defineJob({
  name: "german-score",
  purpose: "loan-risk",
  input: {
    duration: "f64",
    amount: "f64",
    age: "f64",
    rate: "i32",
    status: "dict",
    savings: "dict",
    history: "dict",
    bad: "bool",
  },
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    model: { kind: "linear-model", maxParameters: 24 },
    risk: { kind: "score", featureBound: 20_000, link: "logistic" },
  },
  develop(rows, { log }) {
    const model = logisticRegression(designMatrix(rows, featureNames(rows, FEATURES)), rows.bad.values);
    const fit = { auc: auc(predict(model, rows), rows.bad.values), rows: rows.rowCount };
    log(`auc ${fit.auc.toFixed(3)} on ${fit.rows} rows`);
    return { fit, model };
  },
});
