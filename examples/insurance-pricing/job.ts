/** 保险定价 — insurance pricing. Learns from a desensitised sample how likely a visit becomes a stay in hospital. The
 *  domain serves the released model under encryption: no code of this job and no row is needed for that.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";
import { auc, designMatrix, featureNames, logisticRegression, logLoss, predict } from "@sluice/sandbox/kit";

export default defineJob({
  name: "insurance-pricing",
  purpose: "insurance-pricing",
  input: { age: "f64", gender: "dict", inpatient: "bool" },
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "logloss", "rows"] },
    model: { kind: "linear-model", maxParameters: 8, target: "inpatient", link: "logit" },
    risk: { kind: "score", featureBound: 128, link: "logistic" },
  },

  develop(rows, { progress, log }) {
    const stays = rows.inpatient.values;
    const model = logisticRegression(designMatrix(rows, featureNames(rows, ["age", "gender"])), stays, {
      onProgress: progress,
    });
    const probabilities = predict(model, rows);
    const fit = { auc: auc(probabilities, stays), logloss: logLoss(probabilities, stays), rows: rows.rowCount };
    log(`${rows.rowCount} visits, auc ${fit.auc.toFixed(3)}`);
    return { fit, model };
  },
});
