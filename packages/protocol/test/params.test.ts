/** Params are numbers within bounds and words of closed lists, and nothing else: case 80 of the hostile list, before a job runs.
 *  @module */
import { expect, test } from "vitest";
import { JobManifest, paramValues, parseParams, ParamValues, sameParams, type ParamSpecs } from "../src/index.ts";

const SPECS: ParamSpecs = {
  l2: { type: "number", min: 0, max: 10, default: 1 },
  depth: { type: "int", min: 1, max: 8, default: 3 },
  loss: { type: "choice", of: ["log", "hinge"], default: "log" },
};
const manifest = (params: unknown): unknown => ({ name: "a", purpose: "a", input: {}, outputs: {}, params });

test("what is not given has its default, and what is given stays", () => {
  expect(paramValues(SPECS)).toEqual({ l2: 1, depth: 3, loss: "log" });
  expect(paramValues(SPECS, { l2: 0.5, loss: "hinge" })).toEqual({ l2: 0.5, depth: 3, loss: "hinge" });
  expect(Object.is(paramValues(SPECS, { l2: -0 })["l2"], 0)).toBe(true);
  expect(paramValues(undefined, {})).toEqual({});
});

test.each<[ParamValues, string]>([
  [{ l2: 10.1 }, "l2"],
  [{ l2: -0.1 }, "l2"],
  [{ l2: Number.NaN }, "l2"],
  [{ l2: Infinity }, "l2"],
  [{ l2: "log" }, "l2"],
  [{ depth: 2.5 }, "depth"],
  [{ loss: "hinges" }, "loss"],
  [{ loss: 1 }, "loss"],
  [{ toString: 1 }, "toString"],
  [{ more: 1 }, "more"],
])("%j is refused by the name of the param", (given, param) => {
  expect(() => paramValues(SPECS, given)).toThrow(expect.objectContaining({ code: "ERR_JOB_PARAM" }) as Error);
  try {
    paramValues(SPECS, given);
  } catch (error) {
    expect(error).toMatchObject({ details: { param } });
  }
});

test("texts of the form name=value give numbers and words", () => {
  expect(parseParams(["l2=0.5", "depth=-4", "x=1e-3", "loss=log"])).toEqual({
    l2: 0.5,
    depth: -4,
    x: 0.001,
    loss: "log",
  });
});

test.each([
  "",
  "l2",
  "=1",
  "l2=",
  "l2=0x10",
  "l2=Infinity()",
  "l2=1e999",
  "l2= 1",
  "l2=alert(1)",
  "l2=a b",
  "9=1",
  `l2=${"a".repeat(41)}`,
  "l2=2;3",
])("case 80: %j is neither", (text) => {
  expect(() => parseParams([text])).toThrow(expect.objectContaining({ code: "ERR_JOB_PARAM" }) as Error);
});

test("a param that is named twice is refused", () => {
  expect(() => parseParams(["l2=1", "l2=2"])).toThrow(expect.objectContaining({ code: "ERR_JOB_PARAM" }) as Error);
});

test.each([
  { a: { type: "number", min: 0, max: 1, default: 2 } },
  { a: { type: "number", min: 2, max: 1, default: 1 } },
  { a: { type: "number", min: 0, max: Infinity, default: 1 } },
  { a: { type: "int", min: 0, max: 1.5, default: 1 } },
  { a: { type: "choice", of: ["x"], default: "y" } },
  { a: { type: "choice", of: [], default: "y" } },
  { a: { type: "choice", of: ["x", "x"], default: "x" } },
  { a: { type: "choice", of: ["process.exit()"], default: "process.exit()" } },
  { a: { type: "text", default: "x" } },
  { "a b": { type: "int", min: 0, max: 1, default: 1 } },
  Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`p${i}`, { type: "int", min: 0, max: 1, default: 1 }])),
])("a manifest cannot declare %j", (params) => {
  expect(JobManifest.safeParse(manifest(params)).success).toBe(false);
});

test("a request carries no other values", () => {
  expect(ParamValues.safeParse({ l2: 1, loss: "log" }).success).toBe(true);
  for (const value of [true, null, [], {}, "a b", "(()=>1)()", Number.NaN]) {
    expect(ParamValues.safeParse({ l2: value }).success).toBe(false);
  }
});

test("params are the same in any order, and none are those that nobody named", () => {
  expect(sameParams({ a: 1, b: "x" }, { b: "x", a: 1 })).toBe(true);
  expect(sameParams({}, undefined)).toBe(true);
  expect(sameParams({ a: 1 }, { a: 2 })).toBe(false);
  expect(sameParams({ a: 1 })).toBe(false);
});
