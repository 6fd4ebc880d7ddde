import { expect, test } from "vitest";
import { fromUtf8, utf8, type JobEvent } from "@sluice/protocol";
import { hostileCases, jsonOf, useRunner, type HostileCase } from "./hostile-case.ts";
import { bundleOf, sealed } from "./jobs.ts";

const THREW = ["ERR_JOB_THREW"] as const;
const CAPABILITY = ["ERR_JOB_CAPABILITY"] as const;
const HONEST = "return { __proto__: null, fit: { n: 1 } };";

const CASES: readonly HostileCase[] = [
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

const { run } = useRunner();
hostileCases(CASES);

test.each(["})(); globalThis.escaped = 1; (function () {", "`; evil(); `", "\u2028*/ evil(); /*"])(
  "case 58: a bundle that tries to close the function around it: %j",
  async (code) => {
    expect(await run(sealed(utf8(code)))).toMatchObject({ ok: false, code: "ERR_JOB_THREW" });
  },
);

async function linesOf(body: string, seed = 1): Promise<string[]> {
  const lines: string[] = [];
  const outcome = await run(sealed(bundleOf(body), { seed }), (event: JobEvent) => {
    if (event.kind === "log") lines.push(event.line);
  });
  expect(outcome).toMatchObject({ ok: true });
  return lines;
}

test("case 77: every clock stands still", async () => {
  const body = `
    const at = new Date(946684800000);
    const format = new Intl.DateTimeFormat("en", { dateStyle: "short", timeStyle: "long" });
    const read = () => [
      Date.now(), new Date().getTime(), +new (class extends Date {})(), +Reflect.construct(Date, []), Date(),
      +new Date().constructor.prototype.constructor.now(), +Reflect.construct(Date, [], class { }).constructor.length,
      format.format(), format.format(undefined), Intl.DateTimeFormat("en", { timeStyle: "long" }).format(),
      JSON.stringify(format.formatToParts()), new format.constructor("en", { timeStyle: "long" }).format(),
      new (class extends Intl.DateTimeFormat {})("en", { timeStyle: "long" }).format(),
      new Date(undefined).getTime(), at.toLocaleString("en"), format.resolvedOptions().timeZone, at.getTimezoneOffset(),
      typeof Temporal, typeof performance,
    ].join("|");
    const first = read();
    for (let i = 0, x = 0; i < 3e7; i++) x += i;
    log(first === read(), format.format() === format.format(at), format.format(), Date() === at.toString());
    log([new Date(5).getTime(), new Date(2020, 1, 2).getFullYear(), new Date("2020-01-02").toISOString(), new Date(new Date(7)).getTime(), Date.UTC(1970, 0, 2)].join());
    log([new Date({ valueOf: () => 9 }).getTime(), new Date({ toString: () => "2020-01-02", valueOf: null }).getTime(), new Date(NaN).getTime(), Date.length, Date.name].join());`;
  expect(await linesOf(body)).toEqual([
    "true true 1/1/00, 12:00:00 AM UTC true",
    "5,2020,2020-01-02T00:00:00.000Z,7,86400000",
    "9,1577923200000,NaN,7,Date",
  ]);
});

test("case 78: equal seeds give equal bytes, other seeds others", async () => {
  const body = `const xs = Array.from({ length: 1000 }, () => Math.random()).toSorted();
    return { fit: { n: xs.reduce((sum, x, i) => sum + x * Math.sin(i) + Math.exp(x), 0) } };`;
  const bytesOf = async (seed: number) => {
    const outcome = await run(sealed(bundleOf(body), { seed }));
    return outcome.ok ? fromUtf8(utf8(jsonOf(outcome.output))) + outcome.output.join() : outcome.code;
  };
  const first = await bytesOf(7);
  expect(await bytesOf(7)).toBe(first);
  expect(await bytesOf(8)).not.toBe(first);
});
