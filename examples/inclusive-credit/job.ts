/** 普惠信贷 — inclusive credit. Learns from a desensitised sample how likely a person is to default, and puts
 *  every insured person into one of four bands. A bank asks privately for the band of one applicant.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";
import { auc, bands, designMatrix, logisticRegression, logLoss, predict } from "@sluice/sandbox/kit";

const FEATURES = ["age", "months_insured", "monthly_base", "arrears_months", "fund_months"];
/** Upper bounds of the probability of default in bands A, B and C. */
const CUTOFFS = [0.05, 0.1, 0.2];

export default defineJob({
  name: "inclusive-credit",
  purpose: "inclusive-credit",
  input: {
    name: "dict",
    phone: "dict",
    age: "f64",
    months_insured: "f64",
    monthly_base: "f64",
    arrears_months: "f64",
    fund_months: "f64",
    defaulted: "bool",
  },
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "logloss", "rows", "repeated", "shared"] },
    model: { kind: "linear-model", maxParameters: 16, target: "defaulted", link: "logit" },
    band: { kind: "labels", vocabulary: ["A", "B", "C", "D"] },
  },

  develop(rows, { progress, log }) {
    const matrix = designMatrix(rows, FEATURES);
    const model = logisticRegression(matrix, rows.defaulted.values, { onProgress: progress });
    const probabilities = predict(model, rows);
    const fit = {
      auc: auc(probabilities, rows.defaulted.values),
      logloss: logLoss(probabilities, rows.defaulted.values),
      rows: rows.rowCount,
      // Names arrive as tokens: repeated entries can be counted without reading a name.
      repeated: rows.rowCount - new Set(rows.name.values).size,
      // Phones arrive enciphered as other phones: one to one, so that shared ones stay shared.
      shared: rows.rowCount - new Set(rows.phone.values).size,
    };
    log(
      `${rows.rowCount} rows, auc ${fit.auc.toFixed(3)}, ${fit.repeated} repeated names, ${fit.shared} shared phones`,
    );
    return { fit, model };
  },

  produce(rows, model) {
    return { band: bands(predict(model, rows), CUTOFFS) };
  },
});
