/** How the source of a new job fits its model, by kind: what it takes from the kit, what it declares, and the lines of `develop`.
 *  @module */
import type { StartingModel } from "./local-options.ts";

/** Most terms of each kind that a new job declares. */
const SPECS: Readonly<Record<StartingModel, string>> = {
  linear: 'kind: "linear-model", maxParameters: 64',
  tree: 'kind: "tree-model", maxTrees: 20, maxLeaves: 4',
  scorecard: 'kind: "scorecard", maxBins: 64',
  clusters: 'kind: "clusters", maxClusters: 4',
};

/** Pieces of source about the model. */
export interface ModelSource {
  /** Names that are imported from the kit. */
  readonly kit: readonly string[];
  readonly spec: string;
  /** Keys of the metrics. */
  readonly metrics: readonly string[];
  /** From the fit to `fit` and `model`. */
  readonly develop: string;
}

/** The model of the kind that tells `outcome`; clusters tell none. */
export function modelSource(kind: StartingModel, outcome: string): ModelSource {
  const labels = `rows.${outcome}.values`;
  const matrix = "    const matrix = designMatrix(rows, featureNames(rows, FEATURES));\n";
  const auc = (
    predicted: string,
  ): string => `    const fit = { auc: auc(${predicted}, ${labels}), rows: rows.rowCount };
    log(\`\${rows.rowCount} rows, auc \${fit.auc.toFixed(3)}\`);
`;
  const metrics = ["auc", "rows"];
  const ofMatrix = ["auc", "designMatrix", "featureNames", "predict"];
  switch (kind) {
    case "linear":
      return {
        kit: [...ofMatrix, "logisticRegression"],
        spec: `{ ${SPECS.linear}, target: "${outcome}", link: "logit" }`,
        metrics,
        develop: `${matrix}    const model = logisticRegression(matrix, ${labels}, { onProgress: progress });\n${auc("predict(model, matrix)")}`,
      };
    case "tree":
      return {
        kit: [...ofMatrix, "gradientBoosting", "toModel"],
        spec: `{ ${SPECS.tree}, target: "${outcome}", link: "logit" }`,
        metrics,
        develop: `${matrix}    const options = { trees: 20, maxLeaves: 4, onProgress: progress };
    const model = toModel(gradientBoosting(matrix, ${labels}, options));
${auc("predict(model, matrix)")}`,
      };
    case "scorecard":
      return {
        kit: ["auc", "predict", "scorecard", "toModel"],
        spec: `{ ${SPECS.scorecard}, target: "${outcome}" }`,
        metrics,
        develop: `    const model = toModel(scorecard(rows, FEATURES, ${labels}));\n${auc("predict(model, rows)")}    progress(1);\n`,
      };
    case "clusters":
      return {
        kit: ["designMatrix", "featureNames", "kMeans", "predict", "toModel"],
        spec: `{ ${SPECS.clusters} }`,
        metrics: ["inertia", "rows"],
        develop: `${matrix}    const fitted = kMeans(matrix, { clusters: 4, seed: 1 });
    const [fit, model] = [{ inertia: fitted.inertia, rows: rows.rowCount }, toModel(fitted)];
    log(\`\${rows.rowCount} rows, inertia \${fit.inertia.toPrecision(3)}\`);
    progress(1);
`,
      };
  }
}
