import { afterAll, beforeAll, expect, test } from "vitest";
import type { JobEvent, JobManifest, SandboxRunner } from "@sluice/protocol";
import { createSandboxRunner } from "../src/index.ts";
import { decodeJobOutput } from "./decoding.ts";
import { bundleOf, sealed } from "./jobs.ts";

let runner: SandboxRunner;
beforeAll(async () => {
  runner = await createSandboxRunner();
});
afterAll(() => runner.close());

test.each([
  ["process", "process.exit(0)", "process"],
  ["process through the Function constructor", `Function("return process")().exit(0)`, "process"],
  ["process through an injected function", `progress.constructor("return process")()`, "process"],
  ["require", `require("node:child_process")`, "module"],
  ["import()", `await import("node:fs")`, "module"],
  ["fetch", `await fetch("http://127.0.0.1/")`, "network"],
  ["XMLHttpRequest", "new XMLHttpRequest()", "network"],
  ["WebAssembly", "new WebAssembly.Memory({ initial: 1, maximum: 60000 })", "webassembly"],
  ["SharedArrayBuffer", "new SharedArrayBuffer(8)", "shared-memory"],
  ["setTimeout", "setTimeout(() => 0, 1)", "timer"],
])("refuses %s as a capability", async (_name, body, capability) => {
  expect(await runner.run(sealed(bundleOf(body)), {})).toMatchObject({
    ok: false,
    code: "ERR_JOB_CAPABILITY",
    details: { capability },
  });
});

test("says that a promise can never settle", async () => {
  expect(await runner.run(sealed(bundleOf("await new Promise(() => {});")), {})).toMatchObject({
    ok: false,
    code: "ERR_JOB_THREW",
    details: { reason: "it returned a promise that never settles" },
  });
});

test("gives buffers of fixed length only", async () => {
  const body = `
    const b = new ArrayBuffer(8, { maxByteLength: 4e9 });
    log([b.byteLength, b.resize, b.resizable, b.transfer, b.constructor === ArrayBuffer].join());
    class Own extends ArrayBuffer {}
    log([new Own(16, { maxByteLength: 4e9 }).resize, new Own(16) instanceof Own, Object.getPrototypeOf(ArrayBuffer) === Function.prototype].join());
    log([new Uint8Array(4).buffer.constructor === ArrayBuffer, b.slice(0, 4).byteLength, ArrayBuffer.isView(new Uint8Array(1))].join());`;
  expect(await linesOf(body)).toEqual(["8,,,,true", ",true,true", "true,4,true"]);
});

test("shows a job nothing of the host", async () => {
  const body = `
    log(Object.getOwnPropertyNames(globalThis).filter((name) => /process|require|global$|ivm|host|sluice/i.test(name)).join());
    log(Reflect.ownKeys(log).join());`;
  const [globals] = await linesOf(body);
  expect(globals).toBe("sluiceJob");
});

test.each([
  ["a cycle", "const a = {}; a.a = a; return { fit: a };", "a returned value is nested too deeply"],
  ["a function", "return { fit: () => 1 };", "a returned value is a function"],
  ["a bigint", "return { fit: { n: 1n } };", "a returned value is a bigint"],
  ["nothing", "return;", "it returned no outputs"],
  ["an output it does not declare", "return { fit: { n: 1 }, more: 1 };", "output more is not declared for this entry"],
  ["no declared output", "return {};", "output fit is missing"],
])("refuses a job that returns %s", async (_name, body, reason) => {
  expect(await runner.run(sealed(bundleOf(body)), {})).toMatchObject({ code: "ERR_JOB_THREW", details: { reason } });
});

test("says in development what was thrown, in one bounded printable line", async () => {
  const body = "throw new TypeError('a\\u202e\\n\\u0000b' + 'x'.repeat(1e6));";
  const outcome = await runner.run(sealed(bundleOf(body)), {});
  if (outcome.ok) throw new Error("it must fail");
  const reason = String(outcome.details["reason"]);
  expect(reason).toMatch(/^TypeError: a {3}bx+ \(bundle line 4:\d+\)$/);
  expect(reason.length).toBeLessThanOrEqual(200);
});

test("says nothing in production of what was thrown, and forwards no line", async () => {
  const events: JobEvent[] = [];
  const code = bundleOf(
    "log('secret'); console.log('secret'); progress(0.31); progress(0.34); progress(0.2); throw new Error('secret');",
  );
  const outcome = await runner.run(sealed(code, { entry: "produce", environment: "production" }), {
    onEvent: (event) => events.push(event),
  });
  expect(outcome).toMatchObject({ ok: false, code: "ERR_JOB_THREW" });
  expect(JSON.stringify([outcome, events])).not.toContain("secret");
  expect(events).toEqual([{ kind: "progress", percent: 30 }]);
});

test("forwards at most 500 lines of 200 characters of a flood, and progress that only grows", async () => {
  const events: JobEvent[] = [];
  const code = bundleOf(`
    for (let i = 0; i < 1e5; i++) { log('x'.repeat(1000)); progress(i / 1e5); progress(NaN); progress(-1); }
    for (let i = 0; i < 1e5; i++) progress(1 - i / 1e5); progress(7);`);
  const outcome = await runner.run(sealed(code), { onEvent: (event) => events.push(event) });
  expect(outcome.ok).toBe(true);
  const lines = events.filter((event) => event.kind === "log");
  expect(lines).toHaveLength(500);
  expect(new Set(lines.map(({ line }) => line.length))).toEqual(new Set([200]));
  expect(events.filter((event) => event.kind === "progress").map(({ percent }) => percent)).toEqual(
    Array.from({ length: 101 }, (_x, percent) => percent),
  );
});

test("refuses labels that are no Uint8Array of one code per row", async () => {
  const table = { rowCount: 3, columns: {} };
  for (const band of [
    "new Uint8Array(2)",
    "[0, 0, 0]",
    "new Proxy(new Uint8Array(3), {})",
    "{ length: 3 }",
    "new Float64Array(3)",
  ]) {
    const code = bundleOf(`return { band: ${band} };`);
    expect(await runner.run(sealed(code, { entry: "produce", table }), {})).toMatchObject({ code: "ERR_JOB_THREW" });
  }
});

/** Production of a table over 3 rows by a job whose `produce` has this body. */
function tableJob(body: string, dimensions = '[{ name: "age", levels: ["young", "old"] }]') {
  const code = new TextEncoder().encode(`var sluiceJob = { default: {
    name: "hostile", purpose: "test", input: {},
    outputs: { ages: { kind: "table", dimensions: ${dimensions}, measures: ["base"] } },
    produce(rows, model) { const age = new Uint8Array(3), base = new Float64Array([1.5, -2, NaN]); ${body} },
  } };`);
  return runner.run(sealed(code, { entry: "produce", table: { rowCount: 3, columns: {} } }), {});
}

test("hands out the columns of a table as they are, from job to bytes", async () => {
  const outcome = await tableJob(
    "age[1] = 1; age[2] = 255; return { ages: { dimensions: { age }, measures: { base } } };",
  );
  if (!outcome.ok) throw new Error(outcome.code);
  const manifest = {
    name: "hostile",
    purpose: "test",
    input: {},
    outputs: {
      ages: { kind: "table", dimensions: [{ name: "age", levels: ["young", "old"] }], measures: ["base"] },
    },
  } satisfies JobManifest;
  expect(decodeJobOutput(outcome.output, manifest).values["ages"]).toEqual({
    kind: "table-rows",
    dimensions: { age: new Uint8Array([0, 1, 255]) },
    measures: { base: new Float64Array([1.5, -2, Number.NaN]) },
  });
});

test.each([
  ["nothing", "return { ages: 1 };", "output ages: dimensions are missing"],
  [
    "a dimension too few",
    "return { ages: { dimensions: {}, measures: { base } } };",
    "dimension age is not a Uint8Array",
  ],
  [
    "a dimension too many",
    "return { ages: { dimensions: { age, sex: age }, measures: { base } } };",
    "dimension sex is not declared",
  ],
  ["a measure too few", "return { ages: { dimensions: { age } } };", "output ages: measures are missing"],
  [
    "a measure too many",
    "return { ages: { dimensions: { age }, measures: { base, more: base } } };",
    "measure more is not declared",
  ],
  [
    "a measure of whole numbers",
    "return { ages: { dimensions: { age }, measures: { base: new Int32Array(3) } } };",
    "measure base is not a Float64Array",
  ],
  [
    "a column too long",
    "return { ages: { dimensions: { age: new Uint8Array(4) }, measures: { base } } };",
    "dimension age has 4 values for 3 rows",
  ],
  [
    "an array that only says it has three entries",
    'const big = Object.defineProperty(new Uint8Array(9), "length", { value: 3 }); return { ages: { dimensions: { age: big }, measures: { base } } };',
    "dimension age has 9 values for 3 rows",
  ],
  [
    "an object dressed as a typed array",
    "const fake = { length: 3, 0: 0, 1: 0, 2: 0, [Symbol.toStringTag]: 'Uint8Array', __proto__: Uint8Array.prototype }; return { ages: { dimensions: { age: fake }, measures: { base } } };",
    "dimension age is not a Uint8Array",
  ],
  [
    "a proxy of a typed array",
    "return { ages: { dimensions: { age: new Proxy(age, {}) }, measures: { base } } };",
    "dimension age is not a Uint8Array",
  ],
])("refuses a table with %s", async (_name, body, reason) => {
  expect(await tableJob(body)).toMatchObject({
    code: "ERR_JOB_THREW",
    details: { reason: expect.stringContaining(reason) as string },
  });
});

test("a getter is asked once, and a subclass of a typed array gives its bytes and none of its methods", async () => {
  const outcome = await tableJob(`
    let asked = 0;
    class Own extends Float64Array { get length() { return 1e9; } slice() { throw 1; } get buffer() { throw 1; } }
    const dimensions = { get age() { if (asked++ > 0) throw new Error("asked twice"); return age; } };
    Object.defineProperty(Object.prototype, 0, { set() { throw new Error("setter"); } });
    return { ages: { dimensions, measures: { base: new Own([1, 2, 3]) } } };`);
  expect(outcome).toMatchObject({ ok: true });
  if (outcome.ok)
    expect([...outcome.output.subarray(-24)]).toEqual([...new Uint8Array(new Float64Array([1, 2, 3]).buffer)]);
});

test("a buffer cannot be detached, shared or made to grow before it is taken", async () => {
  const outcome = await tableJob(`
    const grown = new Uint8Array(new ArrayBuffer(3, { maxByteLength: 1e6 }));
    const ways = [
      () => grown.buffer.resize(9), () => age.buffer.transfer(), () => structuredClone(age, { transfer: [age.buffer] }),
      () => new SharedArrayBuffer(3),
    ];
    const worked = ways.filter((way) => { try { way(); return true; } catch { return false; } }).length;
    if (worked > 0) throw new Error(worked + " worked");
    return { ages: { dimensions: { age: grown }, measures: { base } } };`);
  expect(outcome).toMatchObject({ ok: true });
});

test("columns without number end a run as too large", async () => {
  const names = "Array.from({ length: 65 }, (_, i) => ({ name: 'd' + i, levels: ['a', 'b'] }))";
  const body = "return { ages: { dimensions: new Proxy({}, { get: () => age }), measures: { base } } };";
  expect(await tableJob(body, names)).toMatchObject({ ok: false, code: "ERR_JOB_OUTPUT_TOO_LARGE" });
});

async function linesOf(body: string, seed = 1): Promise<string[]> {
  const lines: string[] = [];
  const outcome = await runner.run(sealed(bundleOf(body), { seed }), {
    onEvent: (event) => {
      if (event.kind === "log") lines.push(event.line);
    },
  });
  expect(outcome).toMatchObject({ ok: true });
  return lines;
}
