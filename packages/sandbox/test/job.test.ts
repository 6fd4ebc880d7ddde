import { expect, expectTypeOf, test } from "vitest";
import type { Clusters, Scorecard, TreeModel } from "@sluice/protocol";
import {
  defineJob,
  type ClustersResult,
  type ModelResult,
  type ScorecardResult,
  type TableResult,
  type TreeModelResult,
} from "../src/job.ts";

const job = defineJob({
  name: "credit",
  purpose: "credit",
  input: { region: "dict", age: "f64", months: "i32", defaulted: "bool" },
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    model: { kind: "linear-model", maxParameters: 8 },
    band: { kind: "labels", vocabulary: ["A", "B"] },
  },
  develop(rows) {
    expectTypeOf(rows.rowCount).toEqualTypeOf<number>();
    expectTypeOf(rows.age.values).toEqualTypeOf<Float64Array>();
    expectTypeOf(rows.months.values).toEqualTypeOf<Int32Array>();
    expectTypeOf(rows.defaulted.values).toEqualTypeOf<Uint8Array>();
    expectTypeOf(rows.region.values).toEqualTypeOf<Uint32Array>();
    expectTypeOf(rows.region.dictionary).toEqualTypeOf<string[]>();
    // @ts-expect-error: the column is not declared
    void rows.name;
    return { fit: { auc: 0.5, rows: 1 }, model: { features: ["age"], weights: [1], intercept: 0 } };
  },
  produce(rows, model) {
    expectTypeOf(model.weights).toEqualTypeOf<number[]>();
    return { band: new Uint8Array(rows.rowCount) };
  },
});

test("a job that reads in batches has no columns but those of a batch", () => {
  const batched = defineJob({
    name: "credit",
    purpose: "credit",
    input: { region: "dict", age: "f64" },
    read: "batches",
    outputs: { fit: { kind: "metrics", keys: ["rows"] } },
    develop(rows) {
      expectTypeOf(rows.rowCount).toEqualTypeOf<number>();
      // @ts-expect-error: columns are those of a batch
      void rows.age;
      // @ts-expect-error: a batch is gone before a promise settles
      rows.forEachBatch(async () => {});
      rows.forEachBatch((batch, firstRow) => {
        expectTypeOf(firstRow).toEqualTypeOf<number>();
        expectTypeOf(batch.age.values).toEqualTypeOf<Float64Array>();
        expectTypeOf(batch.region.dictionary).toEqualTypeOf<string[]>();
        // @ts-expect-error: the column is not declared
        void batch.name;
      });
      return { fit: { rows: rows.rowCount } };
    },
  });
  expect(batched.read).toBe("batches");
});

test("a job that reads whole columns may go through them in batches, too", () => {
  defineJob({
    name: "a",
    purpose: "a",
    input: { age: "f64" },
    outputs: { fit: { kind: "metrics", keys: ["rows"] } },
    develop(rows) {
      expectTypeOf(rows.age.values).toEqualTypeOf<Float64Array>();
      rows.forEachBatch((batch) => void batch.age.values);
      return { fit: { rows: rows.rowCount } };
    },
  });
});

test.each(["rowCount", "forEachBatch"])("refuses a column called %s", (name) => {
  const job = { name: "a", purpose: "a", input: { [name]: "f64" }, outputs: {}, develop: () => ({}) } as const;
  expect(() => defineJob(job)).toThrow(name);
});

test("infers what the job returns from what it declares", () => {
  type Released = Awaited<ReturnType<typeof job.develop>>;
  expectTypeOf<Released["fit"]>().toEqualTypeOf<{ readonly auc: number; readonly rows: number }>();
  expectTypeOf<Released["model"]>().toEqualTypeOf<ModelResult>();
  expectTypeOf<keyof Released>().toEqualTypeOf<"fit" | "model">();
  expect(job.input).toEqual({ region: "dict", age: "f64", months: "i32", defaulted: "bool" });
});

test("refuses a metric that is not declared", () => {
  defineJob({
    name: "a",
    purpose: "a",
    input: {},
    outputs: { fit: { kind: "metrics", keys: ["auc"] } },
    // @ts-expect-error: `area` is not a declared key
    develop: () => ({ fit: { area: 1 } }),
  });
});

const released = { fit: { kind: "metrics", keys: ["rows"] } } as const;
const develop = () => ({ fit: { rows: 10 } });
const model = { kind: "linear-model", maxParameters: 4 } as const;
const ages = { kind: "table", dimensions: [{ name: "age", levels: ["young", "old"] }], measures: ["base"] } as const;

test("a set and a table are produced for each row, without a model when none is released", () => {
  const set = defineJob({
    name: "a",
    purpose: "a",
    input: { age: "f64" },
    outputs: { ...released, members: { kind: "set", match: "psi-ids" } },
    develop,
    produce(rows, model) {
      expectTypeOf(model).toEqualTypeOf<undefined>();
      return { members: Uint8Array.from(rows.age.values, (age) => (age >= 60 ? 1 : 0)) };
    },
  });
  expectTypeOf<Awaited<ReturnType<typeof set.produce>>>().toEqualTypeOf<{ readonly members: Uint8Array }>();
  const table = defineJob({
    name: "a",
    purpose: "a",
    input: { age: "f64" },
    outputs: { ...released, ages },
    develop,
    produce(rows, model) {
      expectTypeOf(model).toEqualTypeOf<undefined>();
      return { ages: { dimensions: { age: new Uint8Array(rows.rowCount) }, measures: { base: rows.age.values } } };
    },
  });
  type Produced = Awaited<ReturnType<typeof table.produce>>;
  expectTypeOf<Produced["ages"]>().toEqualTypeOf<TableResult<"age", "base">>();
});

test("a table lacks none of its declared dimensions and measures, and has each in its type", () => {
  const declared = { name: "a", purpose: "a", input: {}, outputs: { ...released, ages }, develop } as const;
  const codes = new Uint8Array(1);
  const base = new Float64Array(1);
  // @ts-expect-error: the dimension `age` is missing
  defineJob({ ...declared, produce: () => ({ ages: { dimensions: {}, measures: { base } } }) });
  // @ts-expect-error: the measure has codes, not numbers
  defineJob({ ...declared, produce: () => ({ ages: { dimensions: { age: codes }, measures: { base: codes } } }) });
});

test("a score is returned by no function: a job that declares one has no produce", () => {
  const outputs = { ...released, model, price: { kind: "score", featureBound: 100, link: "identity" } } as const;
  const fitted = () => ({ ...develop(), model: { features: ["age"], weights: [1], intercept: 0 } });
  const job = defineJob({ name: "a", purpose: "a", input: { age: "f64" }, outputs, develop: fitted });
  expectTypeOf<keyof Awaited<ReturnType<typeof job.develop>>>().toEqualTypeOf<"fit" | "model">();
  expectTypeOf(job.produce).toEqualTypeOf<undefined>();
  // @ts-expect-error: produce has nothing to return
  defineJob({ name: "a", purpose: "a", input: {}, outputs, develop: fitted, produce: () => ({}) });
});

test.each(["labels", "set", "table"])("refuses %s without produce", (kind) => {
  const common = { name: "a", purpose: "a", input: {}, develop } as const;
  const outputs = {
    labels: { ...released, out: { kind: "labels", vocabulary: ["A", "B"] } },
    set: { ...released, out: { kind: "set", match: "psi-cardinality" } },
    table: { ...released, out: ages },
  } as const;
  // @ts-expect-error: labels are produced
  const labels = () => defineJob({ ...common, outputs: outputs.labels });
  // @ts-expect-error: a set is produced
  const set = () => defineJob({ ...common, outputs: outputs.set });
  // @ts-expect-error: a table is produced
  const table = () => defineJob({ ...common, outputs: outputs.table });
  expect({ labels, set, table }[kind]).toThrow(`${kind} output needs produce`);
});

test("produce gets a model of the declared kind, and develop returns its form", () => {
  const labels = { kind: "labels", vocabulary: ["A", "B"] } as const;
  const declared = { name: "a", purpose: "a", input: { age: "f64" } } as const;
  const leaf = { feature: [0], threshold: [0], left: [-1], right: [-1], value: new Float64Array(1) };
  const trees = defineJob({
    ...declared,
    outputs: { model: { kind: "tree-model", maxTrees: 2, maxLeaves: 4, target: "age", link: "log" }, band: labels },
    develop: () => ({ model: { link: "log", features: ["age"], base: 1, trees: [leaf] } }),
    produce(rows, model) {
      expectTypeOf(model).toEqualTypeOf<Readonly<TreeModel>>();
      return { band: new Uint8Array(rows.rowCount) };
    },
  });
  expectTypeOf<Awaited<ReturnType<typeof trees.develop>>["model"]>().toEqualTypeOf<TreeModelResult>();
  const untold = { kind: "linear-model", maxParameters: 2, target: "age" } as const;
  const model = { features: ["age"], weights: [1], intercept: 0 };
  // @ts-expect-error: a target has a link
  defineJob({ ...declared, outputs: { model: untold }, develop: () => ({ model }) });
  const card = defineJob({
    ...declared,
    outputs: { model: { kind: "scorecard", maxBins: 8 }, band: labels },
    develop: () => ({ model: { intercept: 0, items: [{ column: "age", breaks: [30], points: [0, 1, 2] }] } }),
    produce(rows, model) {
      expectTypeOf(model).toEqualTypeOf<Readonly<Scorecard>>();
      return { band: new Uint8Array(rows.rowCount) };
    },
  });
  expectTypeOf<Awaited<ReturnType<typeof card.develop>>["model"]>().toEqualTypeOf<ScorecardResult>();
  const clusters = defineJob({
    ...declared,
    outputs: { model: { kind: "clusters", maxClusters: 2 }, band: labels },
    develop: () => ({ model: { features: ["age"], means: [0], scales: [1], centres: [[0], [1]] } }),
    produce(rows, model) {
      expectTypeOf(model).toEqualTypeOf<Readonly<Clusters>>();
      return { band: new Uint8Array(rows.rowCount) };
    },
  });
  expectTypeOf<Awaited<ReturnType<typeof clusters.develop>>["model"]>().toEqualTypeOf<ClustersResult>();
  const outputs = { model: { kind: "scorecard", maxBins: 8 } } as const;
  // @ts-expect-error: weights are no scorecard
  defineJob({ ...declared, outputs, develop: () => ({ model: { features: ["age"], weights: [1], intercept: 0 } }) });
});

test("refuses a column called rowCount", () => {
  const input = { rowCount: "f64" } as const;
  expect(() => defineJob({ name: "a", purpose: "a", input, outputs: {}, develop: () => ({}) })).toThrow("rowCount");
});
