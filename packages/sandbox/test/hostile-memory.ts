/** Jobs that want more memory than they may have: numbered hostile cases, one table.
 *  @module */
import type { HostileCase } from "./hostile-case.ts";

const MEMORY = ["ERR_JOB_MEMORY"] as const;
const THREW = ["ERR_JOB_THREW"] as const;
/** A builtin that V8 does not interrupt: whichever limit is met first. */
const LIMIT = ["ERR_JOB_MEMORY", "ERR_JOB_TIMEOUT"] as const;
/** V8 itself may give up and end the process. */
const FATAL = [...LIMIT, "ERR_JOB_CRASHED"] as const;
const CAPABILITY = ["ERR_JOB_CAPABILITY"] as const;

/** Jobs that want more memory than they may have. */
export const MEMORY_CASES: readonly HostileCase[] = [
  {
    title: "case 18: an array that grows",
    body: "const a = []; for (;;) a.push({ a: [a.length] });",
    ends: MEMORY,
    always: true,
  },
  {
    title: "case 19: a map that grows",
    body: "const m = new Map(); for (let i = 0; ; i++) m.set(i, i);",
    ends: MEMORY,
    always: true,
  },
  {
    title: "case 19: a weak map that grows",
    body: "const m = new WeakMap(); for (;;) m.set({}, new Array(1e4).fill({}));",
    ends: FATAL,
  },
  { title: "case 19: symbols without end", body: "for (let i = 0; ; i++) Symbol.for('k' + i);", ends: FATAL },
  { title: "case 20: a string that doubles", body: "let s = 'x'; for (;;) s += s;", ends: [...THREW, ...LIMIT] },
  {
    title: "case 21: flattened strings",
    body: "const a = []; for (;;) { const s = 'x'.repeat(1e6) + a.length; /y/.test(s); a.push(s); }",
    ends: FATAL,
  },
  { title: "case 22: a huge string spread", body: "return { fit: { n: [...'.'.repeat(5e8)].length } };", ends: FATAL },
  { title: "case 23: a padded string split", body: "''.padEnd(2 ** 29 - 25).split('');", ends: FATAL },
  { title: "case 24: an array of 60 million", body: "new Array(60e6).fill();", ends: [...FATAL, ...THREW] },
  {
    title: "case 25: a length of 4e9, filled",
    body: "const a = []; a.length = 4e9; a.fill(0);",
    ends: LIMIT,
    always: true,
  },
  {
    title: "case 26: a number that is squared for ever",
    body: "let b = 3n; for (;;) b *= b;",
    ends: [...LIMIT, ...THREW],
  },
  { title: "case 27: ten to the hundred millionth", body: "10n ** 10n ** 8n;", ends: [...LIMIT, ...THREW, "harmless"] },
  { title: "case 28: JSON of five million brackets", body: "JSON.parse('['.repeat(5e6));", ends: [...FATAL, ...THREW] },
  {
    title: "case 29: JSON of an object a million deep",
    body: "let o = {}; for (let i = 0; i < 1e6; i++) o = { o }; JSON.stringify(o);",
    ends: [...FATAL, ...THREW],
  },
  {
    title: "case 30: source within source",
    body: "let s = '1'; for (;;) s = `eval(${JSON.stringify(s)})`;",
    ends: [...FATAL, ...THREW],
  },
  {
    title: "case 30: eval that evaluates itself",
    body: "globalThis.s = 'eval(s)'; eval(s);",
    ends: [...FATAL, ...THREW],
  },
  {
    title: "case 31: a function of 40 MB",
    body: "new Function('x;'.repeat(2e7));",
    ends: [...FATAL, ...THREW, "ERR_JOB_CAPABILITY"],
  },
  { title: "case 32: a typed array of 2 GB", body: "new Uint8Array(2e9);", ends: MEMORY, always: true },
  { title: "case 32: a buffer of 2 GB", body: "new ArrayBuffer(2e9);", ends: MEMORY, always: true },
  {
    title: "case 33: typed arrays for ever",
    body: "const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1));",
    ends: MEMORY,
    always: true,
  },
  { title: "case 33: buffers for ever", body: "const a = []; for (;;) a.push(new ArrayBuffer(1e7));", ends: MEMORY },
  { title: "case 34: typed arrays thrown away for ever", body: "for (;;) new Uint8Array(1e6).fill(1);", ends: LIMIT },
  {
    title: "case 35: a buffer that may grow to 4 GiB",
    body: "new ArrayBuffer(8, { maxByteLength: 4e9 }).resize(4e9);",
    ends: THREW,
  },
  {
    title: "case 35: a buffer that may grow, made by Reflect",
    body: "Reflect.construct(ArrayBuffer, [8, { maxByteLength: 4e9 }], Object).resize(4e9);",
    ends: THREW,
  },
  { title: "case 36: a buffer that grows by transfer", body: "new ArrayBuffer(8).transfer(4e9);", ends: THREW },
  {
    title: "case 36: transfer, taken from the prototype",
    body: "new ArrayBuffer(8).constructor.prototype.transferToFixedLength.call(new ArrayBuffer(8), 4e9);",
    ends: THREW,
  },
  {
    title: "case 37: a shared buffer that may grow",
    body: "new SharedArrayBuffer(8, { maxByteLength: 4e9 });",
    ends: CAPABILITY,
  },
  {
    title: "case 38: a shared buffer by way of a memory",
    body: "new (new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).buffer.constructor)(8);",
    ends: CAPABILITY,
  },
  { title: "case 39: a memory of 2 GiB", body: "new WebAssembly.Memory({ initial: 32768 });", ends: CAPABILITY },
  {
    title: "case 39: many memories",
    body: "const m = []; for (;;) m.push(new WebAssembly.Memory({ initial: 100 }));",
    ends: CAPABILITY,
  },
  {
    title: "case 40: an endless loop of WebAssembly",
    body: "new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));",
    ends: CAPABILITY,
  },
  { title: "case 41: a wait", body: "Atomics.wait(new Int32Array(8), 0, 0);", ends: CAPABILITY },
];
