/** What a job gets as params, and what it tells as metrics.
 *  @module */
import { afterAll, beforeAll, expect, expectTypeOf, test } from "vitest";
import { MAX_METRIC_EVENTS, utf8, type JobEvent, type SandboxRunner } from "@sluice/protocol";
import { createSandboxRunner, describeBundle } from "../src/index.ts";
import { defineJob } from "../src/job.ts";
import { decodeJobOutput } from "./decoding.ts";
import { bundleOf, sealed } from "./jobs.ts";

let runner: SandboxRunner;
beforeAll(async () => {
  runner = await createSandboxRunner();
});
afterAll(() => runner.close());

const PARAMS = `{ l2: { type: "number", min: 0, max: 1, default: 0.25 }, loss: { type: "choice", of: ["log", "hinge"], default: "log" } }`;
const job = (body: string): Uint8Array =>
  utf8(`var sluiceJob = { default: { name: "p", purpose: "p", input: {}, params: ${PARAMS},
    outputs: { fit: { kind: "metrics", keys: ["n"] } }, develop(rows, context) { ${body} } } };`);

test("a job reads its params by name and cannot change them; eval of one runs nothing of the caller's (case 80)", async () => {
  const code = job(`"use strict";
    const { params } = context;
    globalThis.stolen = "nothing";
    let refusals = 0;
    try { params.l2 = 2; } catch { refusals++; }
    try { params.more = 2; } catch { refusals++; }
    try { eval(params.loss); } catch (error) { if (error instanceof ReferenceError) refusals++; }
    if (globalThis.stolen !== "nothing" || Object.getPrototypeOf(params) !== null) return {};
    return { fit: { n: 1_000 * refusals + eval(params.l2) } };`);
  const { manifest } = await describeBundle(runner, code);
  expect(manifest.params).toEqual({
    l2: { type: "number", min: 0, max: 1, default: 0.25 },
    loss: { type: "choice", of: ["log", "hinge"], default: "log" },
  });
  const outcome = await runner.run(sealed(code, { params: { l2: 0.5, loss: "hinge" } }), {});
  if (!outcome.ok) throw new Error(JSON.stringify(outcome));
  expect(decodeJobOutput(outcome.output, manifest).values).toMatchObject({ fit: { values: { n: 3_000.5 } } });
});

test("metrics are finite numbers by name, so many at most, of development alone", async () => {
  const code = job(`
    const { metric } = context;
    metric("loss", 0.5); metric("loss", -1e300); metric("bad name", 1); metric("loss", NaN); metric("loss", Infinity);
    metric("loss", "1"); metric({ toString() { return "loss"; } }, 1); metric("a".repeat(41), 1); metric("loss\\n", 1);
    for (let i = 0; i < 3_000; i++) metric("step", i);
    return { fit: { n: 1 } };`);
  const told = async (environment: "development" | "production"): Promise<JobEvent[]> => {
    const events: JobEvent[] = [];
    const outcome = await runner.run(sealed(code, { environment }), { onEvent: (event) => events.push(event) });
    expect(outcome.ok).toBe(true);
    return events;
  };
  const events = await told("development");
  expect(events.slice(0, 3)).toEqual([
    { kind: "metric", name: "loss", value: 0.5 },
    { kind: "metric", name: "loss", value: -1e300 },
    { kind: "metric", name: "step", value: 0 },
  ]);
  expect(events).toHaveLength(MAX_METRIC_EVENTS);
  expect(await told("production")).toEqual([]);
});

test("without params a job gets none", async () => {
  const code = bundleOf(`if (Object.keys(arguments[1].params).length > 0) throw new Error("params");`);
  const outcome = await runner.run(sealed(code), {});
  expect(outcome.ok).toBe(true);
});

test("an editor knows the params of a job", () => {
  const typed = defineJob({
    name: "a",
    purpose: "a",
    input: { age: "f64" },
    params: {
      l2: { type: "number", min: 0, max: 1, default: 0 },
      loss: { type: "choice", of: ["log", "hinge"], default: "log" },
    },
    outputs: { fit: { kind: "metrics", keys: ["n"] } },
    develop(_rows, { params }) {
      expectTypeOf(params.l2).toEqualTypeOf<number>();
      expectTypeOf(params.loss).toEqualTypeOf<"log" | "hinge">();
      // @ts-expect-error: no such param
      expectTypeOf(params.other).toEqualTypeOf<number>();
      return { fit: { n: params.l2 } };
    },
  });
  expect(typed.params).toHaveProperty("l2");
});
