import { afterAll, beforeAll, expect, test } from "vitest";
import type { SandboxRunner } from "@sluice/protocol";
import { createSandboxRunner } from "../src/index.ts";
import { LIMITS, bundleOf, sealed } from "./jobs.ts";

const slow = process.env["SLOW"] === "1";
let runner: SandboxRunner;
beforeAll(async () => {
  if (slow) runner = await createSandboxRunner();
});
afterAll(() => runner?.close());

/** Codes with which a hostile job may end. */
const CODES = [
  "ERR_JOB_TIMEOUT",
  "ERR_JOB_MEMORY",
  "ERR_JOB_THREW",
  "ERR_JOB_CRASHED",
  "ERR_JOB_CAPABILITY",
  "ERR_JOB_OUTPUT_TOO_LARGE",
];
const PARENT_GROWTH_BYTES = 50 * 2 ** 20;

test
  .runIf(slow)
  .each([
    "for (;;) ({});",
    "'x'.repeat(5e4).replace(/(x+x+)+y/g, '');",
    "/^(a|aa)+$/.test('a'.repeat(60) + 'b');",
    "(function f() { f(); })();",
    "const p = () => Promise.resolve().then(p); await p();",
    "return { then(f) { for (;;) f; } };",
    "return new Proxy({}, { ownKeys() { for (;;); } });",
    "return { get fit() { for (;;); } };",
    "throw new Proxy({}, { getOwnPropertyDescriptor() { for (;;); } });",
    "throw { toString() { for (;;); }, get stack() { for (;;); } };",
    "Error.stackTraceLimit = 1e9; (function f(n) { if (n) f(n - 1); else throw new Error('deep'); })(5000);",
    "for (let i = 0; i < 1e6; i++) Promise.reject(i); for (;;);",
    "let s = 'x'; for (;;) s += s;",
    "let s = []; for (;;) s.push('x'.repeat(1e6) + s.length);",
    "return { fit: { n: [...'.'.repeat(5e8)].length } };",
    "''.padEnd(2 ** 29 - 25).split('');",
    "new Array(60e6).fill();",
    "let b = 3n; for (;;) b *= b;",
    "10n ** 10n ** 8n;",
    "JSON.parse('['.repeat(5e6));",
    "let o = {}; for (let i = 0; i < 1e6; i++) o = { o }; JSON.stringify(o);",
    "let s = '1'; for (;;) s = `eval(${JSON.stringify(s)})`;",
    "new Function('x'.repeat(4e7));",
    "for (;;) new Uint8Array(1e6).fill(1);",
    "const a = []; for (;;) a.push(new ArrayBuffer(1e7));",
    "new ArrayBuffer(8).constructor.prototype.transfer.call(new ArrayBuffer(8), 4e9);",
    "Reflect.construct(ArrayBuffer, [8, { maxByteLength: 4e9 }], Object).resize(4e9);",
    "new (new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).buffer.constructor)(8);",
    "Atomics.wait(new Int32Array(8), 0, 0);",
    "log(new Proxy({}, { get() { for (;;); } }));",
    "for (;;) log('x'.repeat(1e6)), progress(Math.random());",
    "return { fit: { n: 'x'.repeat(2e8) } };",
    "return { fit: Array.from({ length: 5e6 }, (_, i) => i) };",
    "return { fit: { get toJSON() { for (;;); } } };",
    "Error.prepareStackTrace = (_e, sites) => sites.map((site) => [site.getFunction(), site.getThis()]); log({ toString() { const [found] = new Error().stack.filter(([f, t]) => f === log || (t && t !== globalThis)); if (found) for (;;); throw 1; } });",
    "log.caller.caller('x');",
    "arguments.callee.caller.arguments[0].exit;",
    "import.meta;",
    "await import('data:text/javascript,export default 1');",
    "globalThis = undefined; Object = undefined; Reflect = undefined; throw 1;",
    "sluiceJob = null; throw null;",
    "Object.defineProperty(Object.prototype, 'get', { value() { for (;;); } }); return {};",
    "for (;;) try { (function f() { f(); })(); } catch {}",
    "async function* g() { for (;;) yield 1; } for await (const x of g());",
    "const m = new WeakMap(); for (;;) m.set({}, new Array(1e4).fill({}));",
    "class A extends Array { static get [Symbol.species]() { for (;;); } } new A(3).map((x) => x);",
    "Symbol.for('x'.repeat(5e8 % 1e8)); for (let i = 0; ; i++) Symbol.for('k' + i);",
  ])("ends a hostile job with a code, and stays as it was: %s", { timeout: 30_000 }, async (body) => {
  const before = process.memoryUsage.rss();
  const outcome = await runner.run(sealed(bundleOf(body), { limits: { ...LIMITS, wallTimeLimitMs: 2_000 } }), {});
  if (outcome.ok) throw new Error("a hostile job got through");
  expect(CODES).toContain(outcome.code);
  expect(process.memoryUsage.rss() - before).toBeLessThan(PARENT_GROWTH_BYTES);
  expect(await runner.run(sealed(bundleOf("")), {})).toMatchObject({ ok: true });
});

test.runIf(slow)("leaves equal results when honest jobs run between hostile ones", { timeout: 600_000 }, async () => {
  const results = new Set<string>();
  for (let round = 0; round < 50; round++) {
    const runs = ["", "process.exit()", "return { fit: { n: Math.random() } };", "throw 1;"].map((body) =>
      runner.run(sealed(bundleOf(body)), {}),
    );
    const [honest, , random] = await Promise.all(runs);
    if (honest?.ok === true && random?.ok === true) results.add(`${honest.output.join()} ${random.output.join()}`);
    else results.add("failed");
  }
  expect([...results]).toHaveLength(1);
  expect(results).not.toContain("failed");
});
