/** Jobs that never end: numbered hostile cases, one table.
 *  @module */
import type { HostileCase } from "./hostile-case.ts";

const TIMEOUT = ["ERR_JOB_TIMEOUT"] as const;
const THREW = ["ERR_JOB_THREW"] as const;

/** Jobs that never end. */
export const ENDLESS_CASES: readonly HostileCase[] = [
  { title: "case 1: an endless loop", body: "while (true) {}", ends: TIMEOUT, always: true },
  { title: "case 2: a loop that only allocates", body: "for (;;) ({});", ends: TIMEOUT },
  {
    title: "case 3: an expression that backtracks",
    body: `/^(a+)+$/.test("a".repeat(40) + "!");`,
    ends: TIMEOUT,
    always: true,
  },
  {
    title: "case 3: an expression that backtracks in another way",
    body: `/^(a|aa)+$/.test("a".repeat(60) + "b");`,
    ends: TIMEOUT,
  },
  {
    title: "case 4: a replacement that backtracks over 50,000 characters",
    body: `"x".repeat(5e4).replace(/(x+x+)+y/g, "");`,
    ends: TIMEOUT,
  },
  {
    title: "case 5: a lookbehind that backtracks",
    body: `/(?<=^(a+)+)b/.test("!" + "a".repeat(40) + "b");`,
    ends: TIMEOUT,
  },
  { title: "case 6: recursion without end", body: "(function f() { f(); })();", ends: THREW },
  {
    title: "case 7: recursion that catches its own end",
    body: "const f = () => { try { f(); } catch { f(); } }; f();",
    ends: TIMEOUT,
    always: true,
  },
  {
    title: "case 7: recursion that a loop catches for ever",
    body: "for (;;) try { (function f() { f(); })(); } catch {}",
    ends: TIMEOUT,
  },
  {
    title: "case 8: a microtask that makes the next",
    body: "const p = () => Promise.resolve().then(p); await p();",
    ends: [...TIMEOUT, "ERR_JOB_MEMORY"],
  },
  {
    title: "case 8: a queued microtask that queues the next",
    body: "const p = () => queueMicrotask(p); p(); await new Promise(() => {});",
    ends: TIMEOUT,
  },
  { title: "case 9: a loop of awaits", body: "for (;;) await 0;", ends: TIMEOUT, always: true },
  {
    title: "case 9: a generator that never ends",
    body: "async function* g() { for (;;) yield 1; } for await (const x of g());",
    ends: TIMEOUT,
  },
  { title: "case 10: a promise that never settles", body: "await new Promise(() => {});", ends: THREW, always: true },
  {
    title: "case 11: a thenable whose then loops",
    body: "return { then() { for (;;); } };",
    ends: TIMEOUT,
    always: true,
  },
  {
    title: "case 11: a thenable that calls back and loops",
    body: "return { then(f) { f({ fit: { n: 2 } }); for (;;); } };",
    ends: TIMEOUT,
  },
  {
    title: "case 12: a returned Proxy whose ownKeys loops",
    body: "return new Proxy({}, { ownKeys() { for (;;); } });",
    ends: [...TIMEOUT, ...THREW],
  },
  {
    title: "case 12: a returned Proxy whose get loops",
    body: "return new Proxy({}, { get() { for (;;); } });",
    ends: TIMEOUT,
  },
  { title: "case 12: an output whose getter loops", body: "return { get fit() { for (;;); } };", ends: TIMEOUT },
  {
    title: "case 13: a thrown Proxy whose get loops",
    body: "throw new Proxy({}, { get() { for (;;); }, has() { for (;;); } });",
    ends: TIMEOUT,
    always: true,
  },
  {
    title: "case 13: a thrown Proxy whose getPrototypeOf loops",
    body: "throw new Proxy({ message: secret }, { getPrototypeOf() { for (;;); } });",
    ends: [...TIMEOUT, ...THREW],
  },
  {
    title: "case 13: a thrown Proxy whose getOwnPropertyDescriptor loops",
    body: "throw new Proxy({ message: secret }, { getOwnPropertyDescriptor() { for (;;); } });",
    ends: [...TIMEOUT, ...THREW],
  },
  {
    title: "case 14: a thrown object whose name and message loop",
    body: "throw { get name() { for (;;); }, get message() { for (;;); } };",
    ends: TIMEOUT,
    always: true,
  },
  {
    title: "case 14: a thrown object whose stack and toString loop",
    body: "throw { toString() { for (;;); }, get stack() { for (;;); } };",
    ends: TIMEOUT,
  },
  {
    title: "case 15: a stack trace that never ends",
    body: "Error.prepareStackTrace = () => { for (;;); }; throw new Error(secret);",
    ends: THREW,
    always: true,
  },
  {
    title: "case 16: a stack trace without limit",
    body: "Error.stackTraceLimit = 1e9; (function f(n) { if (n) f(n - 1); else throw new Error(secret); })(5000);",
    ends: THREW,
  },
  {
    title: "case 17: a million unhandled rejections",
    body: "for (let i = 0; i < 1e6; i++) Promise.reject(secret);",
    ends: ["harmless", "ERR_JOB_MEMORY", "ERR_JOB_CRASHED", ...TIMEOUT],
  },
];
