import { expect, test } from "vitest";
import { decodeJobOutput } from "./decoding.ts";
import { hostileCases, jsonOf, useRunner, type HostileCase } from "./hostile-case.ts";
import { bundleOf, sealed } from "./jobs.ts";

const THREW = ["ERR_JOB_THREW"] as const;
const TOO_LARGE = ["ERR_JOB_OUTPUT_TOO_LARGE"] as const;
const TIMEOUT = ["ERR_JOB_TIMEOUT"] as const;

const CASES: readonly HostileCase[] = [
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

const { run } = useRunner();
hostileCases(CASES);

/** What the decoder says of what a job returned as its metrics. */
async function decoded(body: string): Promise<unknown> {
  const outcome = await run(sealed(bundleOf(body)));
  if (!outcome.ok) return outcome.code;
  const manifest = {
    name: "hostile",
    purpose: "test",
    input: {},
    outputs: { fit: { kind: "metrics" as const, keys: ["n"] } },
  };
  try {
    return decodeJobOutput(outcome.output, manifest).values["fit"];
  } catch (error) {
    return `${(error as { code?: string }).code}, ${jsonOf(outcome.output).length < 400}`;
  }
}

test.each([
  ["case 50: a metric that is not in the manifest", "return { fit: { n: 1, m: 2 } };"],
  ["case 50: a metric that is called __proto__", `return { fit: JSON.parse('{"n":1,"__proto__":{"m":2}}') };`],
  ["case 51: a metric that is NaN", "return { fit: { n: NaN } };"],
  ["case 51: a metric that is infinite", "return { fit: { n: -Infinity } };"],
  ["case 52: a text of bidirectional and invisible characters", String.raw`return { fit: { n: "\u202e\u200b\r\n" } };`],
  ["case 52: a name of invisible characters", String.raw`return { fit: { n: 1, "n\u200b": 2 } };`],
])("%s", async (_title, body) => {
  expect(await decoded(body)).toBe("ERR_GUARD_OUTPUT, true");
});

test("case 51: a negative zero is zero, and a payload of a NaN does not leave", async () => {
  expect(await decoded("return { fit: { n: -0 } };")).toEqual({ kind: "metrics", values: { n: 0 } });
});
