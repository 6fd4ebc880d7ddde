import { expect, expectTypeOf, test } from "vitest";
import { defineJob, type ModelResult } from "../src/job.ts";

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

test("refuses labels without produce, and a column called rowCount", () => {
  const outputs = { band: { kind: "labels", vocabulary: ["A", "B"] } } as const;
  expect(() => defineJob({ name: "a", purpose: "a", input: {}, outputs, develop: () => ({}) })).toThrow("produce");
  const input = { rowCount: "f64" } as const;
  expect(() => defineJob({ name: "a", purpose: "a", input, outputs: {}, develop: () => ({}) })).toThrow("rowCount");
});
