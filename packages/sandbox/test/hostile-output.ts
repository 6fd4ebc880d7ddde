/** Jobs that flood or that return what they must not: numbered hostile cases, one table.
 *  @module */
import type { HostileCase } from "./hostile-case.ts";

const THREW = ["ERR_JOB_THREW"] as const;
const TOO_LARGE = ["ERR_JOB_OUTPUT_TOO_LARGE"] as const;
const TIMEOUT = ["ERR_JOB_TIMEOUT"] as const;

/** Jobs that flood or that return what they must not. */
export const OUTPUT_CASES: readonly HostileCase[] = [
  {
    title: "case 42: a flood of small lines in production",
    body: "for (let i = 0; i < 1e6; i++) log(secret);",
    ends: ["harmless", ...TIMEOUT],
  },
  { title: "case 42: a flood of small lines", body: "for (;;) log(0);", ends: TIMEOUT, environment: "development" },
  {
    title: "case 43: a flood of lines of 1 MB",
    body: "const line = 'x'.repeat(1e6); for (;;) log(line, line);",
    ends: TIMEOUT,
    environment: "development",
  },
  {
    title: "case 44: a line whose text never ends",
    body: "log({ toString() { for (;;); } });",
    ends: TIMEOUT,
    environment: "development",
    always: true,
  },
  {
    title: "case 44: a line that is a Proxy",
    body: "log(new Proxy({}, { get() { for (;;); } }));",
    ends: TIMEOUT,
    environment: "development",
  },
  {
    title: "case 45: a flood of progress",
    body: "for (let i = 0; i < 1e6; i++) { progress(i / 1e6); progress(1 - i / 1e6); progress(NaN); progress(7); }",
    ends: ["harmless"],
    environment: "development",
  },
  {
    title: "case 45: a flood of progress in production",
    body: "for (let i = 0; ; i++) progress(i / 1e5);",
    ends: TIMEOUT,
  },
  { title: "case 46: a string of 200 MB", body: "return { fit: { n: 'x'.repeat(2e8) } };", ends: TOO_LARGE },
  {
    title: "case 46: a string of 3 MB",
    body: "return { fit: { n: 'x'.repeat(3e6) } };",
    ends: TOO_LARGE,
    always: true,
  },
  {
    title: "case 47: an array of five million",
    body: "return { fit: Array.from({ length: 5e6 }, (_, i) => i) };",
    ends: [...TOO_LARGE, "ERR_JOB_MEMORY"],
  },
  {
    title: "case 47: an array that claims to be endless",
    body: "return { fit: new Proxy([], { get: (_t, k) => (k === 'length' ? 1e12 : 1) }) };",
    ends: TOO_LARGE,
    always: true,
  },
  {
    title: "case 47: a hundred thousand metrics",
    body: "const fit = {}; for (let i = 0; i < 1e5; i++) fit['k' + i] = i; return { fit };",
    ends: TOO_LARGE,
    always: true,
  },
  { title: "case 48: a cycle", body: "const a = {}; a.a = a; return { fit: a };", ends: THREW, always: true },
  {
    title: "case 49: a result whose toJSON loops",
    body: "return { fit: { n: 1 }, toJSON() { for (;;); } };",
    ends: THREW,
  },
  {
    title: "case 49: an output whose toJSON is a getter that loops",
    body: "return { fit: { get toJSON() { for (;;); } } };",
    ends: TIMEOUT,
  },
  {
    title: "case 49: a value with a then of its own",
    body: "return { fit: { n: 1, then() { for (;;); } } };",
    ends: THREW,
  },
  {
    title: "case 49: a result whose __proto__ is a getter that loops",
    body: "return Object.defineProperty({}, '__proto__', { enumerable: true, get() { for (;;); } });",
    ends: [...THREW, ...TIMEOUT],
  },
  {
    title: "case 50: an output that is not in the manifest",
    body: "return { fit: { n: 1 }, [secret]: 1 };",
    ends: THREW,
    always: true,
  },
];
