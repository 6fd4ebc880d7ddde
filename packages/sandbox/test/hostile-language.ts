/** Jobs that turn the language against the first script, or look for a way out: numbered hostile cases, one table.
 *  @module */
import type { HostileCase } from "./hostile-case.ts";

const THREW = ["ERR_JOB_THREW"] as const;
const CAPABILITY = ["ERR_JOB_CAPABILITY"] as const;
const HONEST = "return { __proto__: null, fit: { n: 1 } };";

/** Jobs that turn the language against the first script, or look for a way out. */
export const LANGUAGE_CASES: readonly HostileCase[] = [
  ...[
    ["case 53: Object.prototype.then", "Object.prototype.then = function (f) { f({ fit: { n: 99 } }); };"],
    ["case 53: Promise.prototype.then", "Promise.prototype.then = () => { throw 1; };"],
    ["case 54: the array iterator", "Array.prototype[Symbol.iterator] = function* () { yield 99; };"],
    [
      "case 54: setters of indices",
      "Object.defineProperty(Object.prototype, 0, { set() { throw 1; }, get() { return 99; } });",
    ],
    [
      "case 55: JSON",
      "JSON.stringify = () => '{}'; JSON.parse = () => ({}); Object.prototype.toJSON = () => 99; Number.prototype.toJSON = () => 98;",
    ],
    [
      "case 55: Function.prototype.call",
      "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => 99;",
    ],
    [
      "case 55: typed arrays",
      "Uint8Array.prototype.set = Object.getPrototypeOf(Uint8Array.prototype).set = () => 99; globalThis.Uint8Array = Array;",
    ],
  ].map(([title = "", body]) => ({
    title: `${title} overridden`,
    body: `try { ${body} } catch {}\n${HONEST}`,
    ends: ["harmless"] as const,
    always: true as const,
  })),
  {
    title: "case 55: every builtin gone",
    body: "globalThis = undefined; Object = undefined; Reflect = undefined; throw secret;",
    ends: THREW,
  },
  {
    title: "case 55: descriptors with a getter that loops",
    body: "Object.defineProperty(Object.prototype, 'get', { value() { for (;;); } }); return {};",
    ends: THREW,
  },
  {
    title: "case 55: a species that loops",
    body: "class A extends Array { static get [Symbol.species]() { for (;;); } } new A(3).map((x) => x);",
    ends: ["ERR_JOB_TIMEOUT"],
  },
  {
    title: "case 56: the Function constructor of each injected function",
    body: "for (const f of [log, progress, console.log, queueMicrotask, structuredClone, atob]) f.constructor('return this')().process.exit();",
    ends: [...THREW, ...CAPABILITY],
  },
  {
    title: "case 56: process through an injected function",
    body: `progress.constructor("return process")()`,
    ends: CAPABILITY,
    always: true,
  },
  {
    title: "case 56: process through Function",
    body: `Function("return process")().exit(0)`,
    ends: CAPABILITY,
    always: true,
  },
  {
    title: "case 57: a reference of the host among the globals",
    body: `for (const key of Reflect.ownKeys(globalThis)) {
      const value = globalThis[key];
      if (Object(value) === value) for (const name of ["applySync", "derefInto", "copySync", "release", "getSync"]) if (name in value) throw secret;
    }
    for (const f of [log, progress]) for (let o = f; o; o = o.__proto__) if (Reflect.ownKeys(o).some((k) => /apply(Sync|Ignored)|deref/.test(String(k)))) throw secret;`,
    ends: ["harmless"],
    always: true,
  },
  { title: "case 59: import of a module of Node", body: `await import("node:fs");`, ends: CAPABILITY, always: true },
  {
    title: "case 59: import of a data: address",
    body: `await import("data:text/javascript,export default 1");`,
    ends: CAPABILITY,
  },
  {
    title: "case 59: import from a Function constructor",
    body: `await Object.getPrototypeOf(async () => {}).constructor("return import('node:fs')")();`,
    ends: CAPABILITY,
  },
  { title: "case 59: require", body: `require("node:child_process");`, ends: CAPABILITY, always: true },
  { title: "case 59: process.binding", body: `process.binding("fs");`, ends: CAPABILITY },
  { title: "case 59: import.meta", body: "import.meta;", ends: THREW },
  { title: "case 60: the caller of an injected function", body: "log.caller.caller(secret);", ends: THREW },
  { title: "case 60: the callee's caller", body: "arguments.callee.caller.arguments[0].exit;", ends: THREW },
  {
    title: "case 60: functions and receivers of a stack",
    body: `const found = [];
    Error.prepareStackTrace = (_e, sites) => { found.push(...sites); return sites; };
    try { Object.defineProperty(Error, "prepareStackTrace", { value: (_e, sites) => found.push(...sites) }); } catch {}
    const look = { valueOf() { String(new Error().stack); const o = {}; Error.captureStackTrace(o); String(o.stack); return 8; }, toString() { this.valueOf(); return "x"; } };
    log(look); progress(look); new ArrayBuffer(look); new Date(look); new Date(0).setTime(look); Math.max(look); [3].map(() => look.valueOf());
    if (found.length > 0) throw secret;`,
    ends: ["harmless"],
    always: true,
  },
  {
    title: "case 60: callers of a function that a builtin calls",
    body: `const seen = [];
    function look() { seen.push(look.caller); return 8; }
    new ArrayBuffer({ valueOf: look }); new Date({ valueOf: look }); [1].forEach(look); structuredClone({ get a() { return look(); } });
    if (seen.some((caller) => caller !== null && !/look/.test(String(caller)))) throw secret;`,
    ends: ["harmless"],
  },
  { title: "case 60: the job's own globals gone", body: "sluiceJob = null; throw null;", ends: THREW },
];
