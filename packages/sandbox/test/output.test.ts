import { expect, test } from "vitest";
import fc from "fast-check";
import { ByteWriter, isSluiceError, utf8, type JobManifest } from "@sluice/protocol";
import { decodeJobOutput } from "../src/output.ts";

const MANIFEST: JobManifest = {
  name: "credit",
  purpose: "credit",
  input: {},
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    model: { kind: "linear-model", maxParameters: 2 },
    band: { kind: "labels", vocabulary: ["A", "B", "C"] },
  },
};
const FIT = { kind: "metrics", values: { auc: 0.75, rows: 100 } };
const MODEL = { kind: "linear-model", features: ["age", "region=a"], weights: [1, -2], intercept: 0.5 };

test("decodes released outputs as the job returned them", () => {
  expect(decodeJobOutput(encode({ outputs: { fit: FIT, model: MODEL } }), MANIFEST)).toEqual({
    class: "released",
    values: { fit: FIT, model: MODEL },
  });
});

test("decodes served labels into bytes of their own", () => {
  const bytes = encode({ outputs: { band: { kind: "labels", buffer: 0 } } }, [new Uint8Array([0, 2, 1])]);
  const output = decodeJobOutput(bytes, MANIFEST);
  bytes.fill(0);
  expect(output).toEqual({ class: "served", values: { band: { kind: "labels", codes: new Uint8Array([0, 2, 1]) } } });
});

test.each([
  ["output-missing", { fit: FIT }],
  ["output-missing", {}],
  ["output-undeclared", { fit: FIT, model: MODEL, more: FIT }],
  ["output-undeclared", { fit: FIT, model: MODEL, band: { kind: "labels", buffer: 0 } }],
  ["metrics-keys", { fit: { ...FIT, values: { auc: 1 } }, model: MODEL }],
  ["metrics-keys", { fit: { ...FIT, values: { auc: 1, row7: 1 } }, model: MODEL }],
  ["metrics-keys", { fit: { ...FIT, values: { auc: 1, toString: 1 } }, model: MODEL }],
  ["metrics-finite", { fit: { ...FIT, values: { auc: null, rows: 1 } }, model: MODEL }],
  ["metrics-finite", { fit: { ...FIT, values: { auc: "0.5", rows: 1 } }, model: MODEL }],
  ["metrics-finite", { fit: { ...FIT, note: "hello" }, model: MODEL }],
  ["metrics-finite", { fit: MODEL, model: MODEL }],
  ["linear-model-form", { fit: FIT, model: { ...MODEL, weights: [1] } }],
  ["linear-model-form", { fit: FIT, model: { ...MODEL, features: ["age", "age"] } }],
  ["linear-model-form", { fit: FIT, model: { ...MODEL, features: ["age", "x".repeat(81)] } }],
  ["linear-model-form", { fit: FIT, model: { ...MODEL, intercept: null } }],
  ["linear-model-form", { fit: FIT, model: FIT }],
  ["linear-model-parameters", { fit: FIT, model: { ...MODEL, features: ["a", "b", "c"], weights: [1, 2, 3] } }],
])("refuses by rule %s", (rule, outputs) => {
  expect(ruleOf(encode({ outputs }))).toBe(rule);
});

test.each([
  ["labels-vocabulary", [new Uint8Array([0, 3])], 0],
  ["labels-form", [], 0],
  ["labels-form", [new Uint8Array(1)], -1],
  ["labels-form", [new Uint8Array(1)], 0.5],
  ["output-format", [new Uint8Array(1), new Uint8Array(1)], 0],
])("refuses labels by rule %s", (rule, buffers, buffer) => {
  expect(ruleOf(encode({ outputs: { band: { kind: "labels", buffer } } }, buffers))).toBe(rule);
});

test("refuses text that is not the documented struct", () => {
  for (const bytes of [
    new Uint8Array(),
    new Uint8Array([255, 255, 255, 255]),
    new Uint8Array([0, 0, 0, 9, 0]),
    encode({ outputs: {}, more: 1 }),
    encode([]),
    new Uint8Array([...encode({ outputs: { fit: FIT, model: MODEL } }), 0]),
    new ByteWriter()
      .uint(1, 4)
      .fixed(new Uint8Array([0xff]))
      .uint(0, 4)
      .finish(),
    new ByteWriter().uint(0, 4).uint(65, 4).finish(),
  ]) {
    expect(["output-format", "output-size"]).toContain(ruleOf(bytes));
  }
});

test("answers any bytes with an output or with ERR_GUARD_OUTPUT", () => {
  const near = fc.tuple(fc.json(), fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 3 }));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), near), (input) => {
      const bytes = input instanceof Uint8Array ? input : encodeText(input[0], input[1]);
      expect(ruleOf(bytes)).not.toBe("decoded");
    }),
    { numRuns: 300 },
  );
});

function ruleOf(bytes: Uint8Array): string | number | undefined {
  try {
    decodeJobOutput(bytes, MANIFEST);
    return "decoded";
  } catch (error) {
    if (!isSluiceError(error, "ERR_GUARD_OUTPUT")) throw error;
    return error.details["rule"];
  }
}

function encode(document: unknown, buffers: Uint8Array[] = []): Uint8Array {
  return encodeText(JSON.stringify(document), buffers);
}

function encodeText(json: string, buffers: Uint8Array[]): Uint8Array {
  const text = utf8(json);
  const writer = new ByteWriter().uint(text.length, 4).fixed(text).uint(buffers.length, 4);
  for (const buffer of buffers) writer.uint(buffer.length, 4).fixed(buffer);
  return writer.finish();
}
