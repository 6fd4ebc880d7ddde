/** mljs inside the sandbox: pure libraries bundle and run, and what they fit is released in the kit's form.
 *  @module */
import { fileURLToPath } from "node:url";
import { evaluateModel, type ColumnBatch, type ReleasedModel, type SandboxRunner } from "@sluice/protocol";
import { DecisionTreeRegression } from "ml-cart";
import { RandomForestRegression } from "ml-random-forest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleJob } from "../src/bundle.ts";
import { createSandboxRunner, describeBundle } from "../src/index.ts";
import { createRng, logisticRegression } from "../src/kit.ts";
import { decodeJobOutput } from "./decoding.ts";
import { sealed } from "./jobs.ts";

let runner: SandboxRunner;
beforeAll(async () => {
  runner = await createSandboxRunner();
});
afterAll(() => runner.close());

const rng = createRng(21);
const age = Float64Array.from({ length: 300 }, () => 20 + 50 * rng.uniform());
const months = Float64Array.from({ length: 300 }, () => 100 * rng.uniform());
const score = (i: number): number => 0.06 * ((age[i] ?? 0) - 45) - 0.03 * ((months[i] ?? 0) - 50);
const defaulted = Uint8Array.from({ length: 300 }, (_, i) => Number(rng.uniform() < 1 / (1 + Math.exp(-score(i)))));
const price = Float64Array.from({ length: 300 }, (_, i) => Math.round(20 * score(i)));

async function modelOf(file: URL, columns: ColumnBatch["columns"]): Promise<ReleasedModel> {
  const { code } = await bundleJob(fileURLToPath(file));
  const { manifest } = await describeBundle(runner, code);
  const outcome = await runner.run(sealed(code, { table: { rowCount: 300, columns } }), {});
  if (!outcome.ok) throw new Error(`${outcome.code} ${JSON.stringify(outcome.details)}`);
  const output = decodeJobOutput(outcome.output, manifest);
  return output.values["model"] as ReleasedModel;
}

test("ml-logistic-regression comes to the model that the kit fits without a penalty", async () => {
  const model = await modelOf(new URL("./fixtures/mljs-job.ts", import.meta.url), {
    age: { type: "f64", values: age },
    months: { type: "f64", values: months },
    defaulted: { type: "bool", values: defaulted },
  });
  if (model.kind !== "linear-model") throw new Error("a linear model");
  const matrix = { rowCount: 300, features: ["age", "months"], columns: [age, months] };
  const fit = logisticRegression(matrix, defaulted, { l2: 0 });
  expect(model.features).toEqual(fit.features);
  for (const [j, weight] of fit.weights.entries()) expect(model.weights[j]).toBeCloseTo(weight, 6);
  expect(model.intercept).toBeCloseTo(fit.intercept, 6);
});

test("a tree of ml-cart is released as a tree model that predicts what the library predicts", async () => {
  const columns: ColumnBatch["columns"] = {
    age: { type: "f64", values: age },
    months: { type: "f64", values: months },
    price: { type: "f64", values: price },
  };
  const model = await modelOf(new URL("./fixtures/mljs-tree-job.ts", import.meta.url), columns);
  const library = new DecisionTreeRegression({ maxDepth: 3, minNumSamples: 20 });
  const rows = Array.from({ length: 300 }, (_, i) => [age[i] ?? 0, months[i] ?? 0]);
  library.train(rows, [...price]);
  const plain = library.predict(rows);
  const predicted = evaluateModel(model, { rowCount: 300, columnOf: (name) => columns[name] });
  expect(new Set(plain).size).toBeGreaterThan(3);
  for (const [i, value] of plain.entries()) expect(predicted[i]).toBeCloseTo(value, 10);
});

test("a forest of ml-random-forest grows inside as it does outside, from its seed", async () => {
  const { code } = await bundleJob(fileURLToPath(new URL("./fixtures/mljs-forest-job.ts", import.meta.url)));
  const columns: ColumnBatch["columns"] = {
    age: { type: "f64", values: age },
    months: { type: "f64", values: months },
    price: { type: "f64", values: price },
  };
  const { manifest } = await describeBundle(runner, code);
  const outcome = await runner.run(sealed(code, { table: { rowCount: 300, columns } }), {});
  if (!outcome.ok) throw new Error(`${outcome.code} ${JSON.stringify(outcome.details)}`);
  const forest = new RandomForestRegression({
    seed: 3,
    maxFeatures: 2,
    replacement: false,
    nEstimators: 4,
    useSampleBagging: true,
    noOOB: true,
    treeOptions: { maxDepth: 3, minNumSamples: 20 },
  });
  const rows = Array.from({ length: 300 }, (_, i) => [age[i] ?? 0, months[i] ?? 0]);
  forest.train(rows, [...price]);
  const sum = forest.predict(rows).reduce((all, value) => all + value, 0);
  expect(decodeJobOutput(outcome.output, manifest).values["fit"]).toEqual({ kind: "metrics", values: { sum } });
});
