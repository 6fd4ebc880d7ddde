import { isSluiceError, utf8, type JobManifest } from "@sluice/protocol";
import { expect, test } from "vitest";
import { readJobManifest, readJobOutput } from "../src/output.ts";
import { formOf, manifestFormOf } from "./decoding.ts";
import { outputOfText } from "./outputs.ts";

const MANIFEST: JobManifest = {
  name: "form",
  purpose: "form",
  input: {},
  outputs: {
    fit: { kind: "metrics", keys: ["auc"] },
    band: { kind: "labels", vocabulary: ["A", "B"] },
    model: { kind: "linear-model", maxParameters: 2 },
  },
};
const VALUES = {
  fit: { kind: "metrics", values: { auc: 0.5 } },
  model: { kind: "linear-model", features: ["age", "b=北"], weights: [1, -2], intercept: 0.25 },
};
// SLF, 1; released; two outputs.
const HEAD = [0x53, 0x4c, 0x46, 1, 1, 2, 0];
const FIT = [0, 0, 1, ...f64(0.5)];
const AGE = name("age");
const NORTH = name("b=北");

function f64(value: number): Uint8Array {
  return new Uint8Array(new Float64Array([value]).buffer);
}

function name(text: string): number[] {
  const bytes = utf8(text);
  return [bytes.length, 0, ...bytes];
}

/** Its weights are 1, -2, 1, … */
function model(count: number, ...features: number[][]): number[] {
  const weights = features.flatMap((_, i) => [...f64(i % 2 === 0 ? 1 : -2)]);
  return [2, 0, 2, ...f64(0.25), count, 0, ...features.flat(), features.length, 0, ...weights];
}

function ruleOf(read: () => unknown): unknown {
  try {
    read();
    return "read";
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return error.details["rule"] ?? error.code;
  }
}

test("the form is the documented struct, byte for byte", () => {
  const form = Uint8Array.from([...HEAD, ...FIT, ...model(2, AGE, NORTH)]);
  expect(formOf(outputOfText(JSON.stringify({ outputs: VALUES })), MANIFEST)).toEqual(form);
  expect(readJobOutput(form, MANIFEST)).toEqual({ class: "released", values: VALUES });
});

test.each<[string, number[]]>([
  ["another version", [0x53, 0x4c, 0x46, 2, ...HEAD.slice(4), ...FIT, ...model(1, AGE)]],
  ["another shape", [...HEAD.slice(0, 4), 9, 2, 0, ...FIT, ...model(1, AGE)]],
  ["a manifest", [...HEAD.slice(0, 4), 3, 6, 0, 0]],
  ["fewer outputs", [...HEAD.slice(0, 5), 1, 0, ...FIT]],
  ["outputs in another order", [...HEAD, ...model(1, AGE), ...FIT]],
  ["a name that the manifest does not have", [...HEAD, 7, 0, 1, ...f64(0.5), ...model(1, AGE)]],
  ["another kind", [...HEAD, 0, 0, 2, ...f64(0.5), ...model(1, AGE)]],
  ["an infinite number", [...HEAD, 0, 0, 1, ...f64(Infinity), ...model(1, AGE)]],
  ["NaN", [...HEAD, 0, 0, 1, ...f64(Number.NaN), ...model(1, AGE)]],
  ["a negative zero", [...HEAD, 0, 0, 1, ...f64(-0), ...model(1, AGE)]],
  ["a list longer than any", [...HEAD, ...FIT, 2, 0, 2, ...f64(0.25), 1, 1]],
  ["a name that is too long", [...HEAD, ...FIT, ...model(1, name("x".repeat(81)))]],
  ["a name that is no text", [...HEAD, ...FIT, ...model(1, [1, 0, 0xff])]],
  ["a length beyond the end", [...HEAD, ...FIT, ...model(1, [255, 255, 1])]],
  ["something after the end", [...HEAD, ...FIT, ...model(1, AGE), 0]],
  ["served outputs of nobody", [...HEAD.slice(0, 4), 2, 1, 0, 1, 0, 16, 255, 255, 255, 255]],
  ["a code without a label", [...HEAD.slice(0, 4), 2, 1, 0, 1, 0, 16, 1, 0, 0, 0, 2]],
  ["a refusal by no rule", [...HEAD.slice(0, 4), 0, 255, 255, 99]],
  ["a refusal of no output", [...HEAD.slice(0, 4), 0, 7, 0, 4]],
  ["a refusal of all by a rule of one", [...HEAD.slice(0, 4), 0, 255, 255, 7]],
  ["a refusal of metrics by a rule on models", [...HEAD.slice(0, 4), 0, 0, 0, 7]],
  ["a refusal with more behind it", [...HEAD.slice(0, 4), 0, 255, 255, 2, 0]],
])("the checker refuses %s", (_name, bytes) => {
  expect(ruleOf(() => readJobOutput(Uint8Array.from(bytes), MANIFEST))).toBe("decoder-form");
});

test.each<[string, number[]]>([
  ["linear-model-form", [...HEAD, ...FIT, ...model(0)]],
  ["linear-model-form", [...HEAD, ...FIT, ...model(2, AGE, AGE)]],
  ["linear-model-form", [...HEAD, ...FIT, ...model(1, name(""))]],
  ["linear-model-parameters", [...HEAD, ...FIT, ...model(3, AGE, NORTH, name("c"))]],
])("the checker refuses by rule %s what is a form but not the declared model", (rule, bytes) => {
  expect(ruleOf(() => readJobOutput(Uint8Array.from(bytes), MANIFEST))).toBe(rule);
});

test("a refusal says a rule by number, and the checker says its words", () => {
  const refusal = (output: number, rule: number): (() => unknown) => {
    const form = Uint8Array.from([...HEAD.slice(0, 4), 0, output, 0, rule]);
    return () => readJobOutput(form, MANIFEST);
  };
  expect(refusal(1, 9)).toThrow(
    expect.objectContaining({ details: { output: "band", rule: "labels-vocabulary", change: "use codes below 2" } }),
  );
  expect(ruleOf(refusal(2, 7))).toBe("linear-model-form");
});

test("text that is not well-formed is refused by the decoder", () => {
  const features = '["\\ud800"]';
  const json = `{"outputs":{"fit":${JSON.stringify(VALUES.fit)},"model":{"kind":"linear-model","features":${features},"weights":[1],"intercept":0}}}`;
  expect(ruleOf(() => readJobOutput(formOf(outputOfText(json), MANIFEST), MANIFEST))).toBe("linear-model-form");
});

// Tags: number 3, text 4, list 5, record 6.
test.each<[string, number[], string]>([
  ["a list in lists, without end", Array.from({ length: 20 }, () => [5, 1, 0]).flat(), "decoder-form"],
  ["more nodes than a tree has", [5, 255, 255, ...new Uint8Array(70_000)], "decoder-form"],
  ["a key twice", [6, 2, 0, 1, 0, 97, 0, 1, 0, 97, 0], "decoder-form"],
  ["an unknown tag", [7], "decoder-form"],
  ["a tree that is no manifest", [6, 0, 0], "ERR_JOB_MANIFEST"],
  ["nothing", [], "decoder-form"],
])("the checker refuses a manifest with %s", (_name, tree, rule) => {
  const form = Uint8Array.from([...HEAD.slice(0, 4), 3, ...tree]);
  expect(ruleOf(() => readJobManifest(form))).toBe(rule);
});

test("a manifest crosses as it was declared, in its order", () => {
  const form = manifestFormOf(outputOfText(JSON.stringify(MANIFEST)));
  const manifest = readJobManifest(form);
  expect(JSON.stringify(manifest)).toBe(JSON.stringify(MANIFEST));
  expect(new TextDecoder().decode(form)).not.toContain("{");
});

test.each([
  ["deep", "[".repeat(14) + "]".repeat(14)],
  ["wide", `[${"0,".repeat(65_535)}0]`],
  ["wordy", JSON.stringify({ name: "x".repeat(1_025) })],
  ["ill-formed", '{"name":"\\udc00"}'],
  ["infinite", '{"name":1e999}'],
  ["not JSON", "{"],
])("a decoder makes no tree of what is %s", (_name, json) => {
  // Refused, of all outputs, by the rule on manifests.
  expect([...manifestFormOf(outputOfText(json))]).toEqual([...HEAD.slice(0, 4), 0, 255, 255, 16]);
  const prototype = outputOfText('{"__proto__":{"name":"a"}}');
  expect(ruleOf(() => readJobManifest(manifestFormOf(prototype)))).toBe("decoder-form");
});
