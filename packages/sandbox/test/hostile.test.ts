import { afterAll, beforeAll, expect, test } from "vitest";
import type { JobEvent, JobManifest, SandboxRunner } from "@sluice/protocol";
import { createSandboxRunner } from "../src/index.ts";
import { decodeJobOutput } from "../src/output.ts";
import { LIMITS, bundleOf, sealed } from "./jobs.ts";

let runner: SandboxRunner;
beforeAll(async () => {
  runner = await createSandboxRunner();
});
afterAll(() => runner.close());

const short = { ...LIMITS, wallTimeLimitMs: 400 };

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

test.each([
  ["an endless loop", "for (;;);"],
  ["an endless loop of microtasks", "for (;;) await 0;"],
  ["a backtracking expression", `/^(a+)+$/.test("a".repeat(40) + "!")`],
  ["recursion that catches its own end", "const f = () => { try { f(); } catch { f(); } }; f();"],
  ["a builtin that V8 does not interrupt", "const a = []; a.length = 4e9; a.fill(0);"],
  ["a thrown value whose getters never return", "throw { get name() { for (;;); }, get message() { for (;;); } };"],
  [
    "a thrown Proxy whose traps never return",
    "throw new Proxy({}, { get() { for (;;); }, has() { for (;;); }, getPrototypeOf() { for (;;); } });",
  ],
  ["a stack trace that never ends", "Error.prepareStackTrace = () => { for (;;); }; throw new Error('x');"],
  ["a returned thenable that never calls back", "return { then() { for (;;); } };"],
])("ends %s at the wall clock", async (_name, body) => {
  expect(await runner.run(sealed(bundleOf(body), { limits: short }), {})).toMatchObject({
    ok: false,
    code: "ERR_JOB_TIMEOUT",
    details: { wallTimeLimitMs: 400 },
  });
});

test("says that a promise can never settle", async () => {
  expect(await runner.run(sealed(bundleOf("await new Promise(() => {});")), {})).toMatchObject({
    ok: false,
    code: "ERR_JOB_THREW",
    details: { reason: "it returned a promise that never settles" },
  });
});

test.each([
  ["a growing heap", "const a = []; for (;;) a.push({ a: [a.length] });"],
  ["one large typed array", "new Uint8Array(2e9);"],
  ["many typed arrays", "const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1));"],
  ["a large array buffer", "new ArrayBuffer(2e9);"],
  ["a growing map", "const m = new Map(); for (let i = 0; ; i++) m.set(i, i);"],
])("ends %s at the memory limit", async (_name, body) => {
  expect(await runner.run(sealed(bundleOf(body)), {})).toMatchObject({
    ok: false,
    code: "ERR_JOB_MEMORY",
    details: { memoryLimitBytes: LIMITS.memoryLimitBytes },
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

test("tells nothing of the time", async () => {
  const body = `
    log([Date.now(), new Date().getTime(), new Date(5).getTime(), Date().slice(0, 15)].join());
    log([typeof Intl.DateTimeFormat, typeof performance, new Date().constructor === Date].join());`;
  expect(await linesOf(body)).toEqual(["946684800000,946684800000,5,Sat Jan 01 2000", "undefined,undefined,true"]);
});

test("gives equal random numbers for equal seeds", async () => {
  const body = "log(Math.random(), Math.random());";
  const first = await linesOf(body, 7);
  expect(await linesOf(body, 7)).toEqual(first);
  expect(await linesOf(body, 8)).not.toEqual(first);
});

test("shows a job nothing of the host", async () => {
  const body = `
    log(Object.getOwnPropertyNames(globalThis).filter((name) => /process|require|global$|ivm|host|sluice/i.test(name)).join());
    log(Reflect.ownKeys(log).join());`;
  const [globals] = await linesOf(body);
  expect(globals).toBe("sluiceJob");
});

test.each([
  ["Object.prototype.then", "Object.prototype.then = function (f) { f({ fit: { n: 99 } }); };"],
  ["Promise.prototype.then", "Promise.prototype.then = () => { throw 1; };"],
  ["the array iterator", "Array.prototype[Symbol.iterator] = function* () { yield 99; };"],
  [
    "JSON",
    "JSON.stringify = () => '{}'; JSON.parse = () => ({}); Object.prototype.toJSON = () => 99; Number.prototype.toJSON = () => 98;",
  ],
  [
    "Function.prototype.call",
    "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => 99;",
  ],
  ["indexed setters", "Object.defineProperty(Object.prototype, 0, { set() { throw 1; }, get() { return 99; } });"],
  [
    "typed arrays",
    "Uint8Array.prototype.set = Object.getPrototypeOf(Uint8Array.prototype).set = () => 99; globalThis.Uint8Array = Array;",
  ],
])("returns what the job returned after it overrides %s", async (_name, body) => {
  const outcome = await runner.run(
    sealed(bundleOf(`try { ${body} } catch {}\n return { __proto__: null, fit: { n: 1 } };`)),
    {},
  );
  expect(outcome.ok && jsonOf(outcome.output)).toBe('{"outputs":{"fit":{"kind":"metrics","values":{"n":1}}}}');
});

test.each([
  ["metrics without end", "return { fit: { n: 'x'.repeat(3e6) } };"],
  ["a hundred thousand metrics", "const fit = {}; for (let i = 0; i < 1e5; i++) fit['k' + i] = i; return { fit };"],
  [
    "an array that claims to be endless",
    "return { fit: new Proxy([], { get: (_t, k) => (k === 'length' ? 1e12 : 1) }) };",
  ],
])("refuses %s as too large", async (_name, body) => {
  expect(await runner.run(sealed(bundleOf(body)), {})).toMatchObject({ ok: false, code: "ERR_JOB_OUTPUT_TOO_LARGE" });
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

test("ends a line whose text never ends at the wall clock", async () => {
  const code = bundleOf("log({ toString() { for (;;); } });");
  expect(await runner.run(sealed(code, { limits: short }), {})).toMatchObject({ code: "ERR_JOB_TIMEOUT" });
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

test("runs a bundle that tries to close the function around it as a script of its own", async () => {
  const code = new TextEncoder().encode("})(); globalThis.escaped = 1; (function () {");
  expect(await runner.run(sealed(code), {})).toMatchObject({ code: "ERR_JOB_THREW" });
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

function jsonOf(output: Uint8Array): string {
  const length = new DataView(output.buffer, output.byteOffset).getUint32(0);
  return new TextDecoder().decode(output.subarray(4, 4 + length));
}
