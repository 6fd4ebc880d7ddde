/** Documents of officers say one thing to every reader. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { readJsonFile } from "../src/files.ts";
import { readPolicy } from "../src/officer/documents.ts";
import { MAX_JSON_DEPTH, parseStrictJson } from "../src/strict-json.ts";

async function file(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-json-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, "policy.json"), text);
  return join(directory, "policy.json");
}

test("a policy that gives a column two roles is refused, by the column's name", async () => {
  const column = (role: string): string => `"income": {"role": "${role}", "transform": {"kind": "keep"}}`;
  const policy = `{"version": 1, "resource": "people", "columns": {${column("direct")}, ${column("other")}},
    "sample": {"rows": 1, "strata": []}, "k": 2, "suppressionLimit": 0}`;
  const refused = { code: "ERR_USAGE", message: expect.stringMatching(/has the member "income" twice in one object/u) };
  await expect(readPolicy(await file(policy))).rejects.toMatchObject(refused);
  await expect(readJsonFile(await file(policy), "policy file")).rejects.toMatchObject(refused);
  await expect(readPolicy(await file(policy.replace(`${column("direct")}, `, "")))).resolves.toMatchObject({ k: 2 });
});

test.each([
  ['{"a": 1, "a": 1}', "a"],
  ['{"a": {"b": {}, "c": [], "b": 1}}', "b"],
  ['[{"a": 1}, {"a": 1, "\\u0061": "secret"}]', "a"],
  ['{"x": [{"b": 1}], "y": "}", "x": "secret"}', "x"],
  ['{"\\"": 1, "\\"": 2}', '"'],
  ['{"__proto__": 1, "__proto__": 2}', "__proto__"],
  ['{"": 1, "": 2}', ""],
  ['{"a\\u202eb": 1, "a\\u202eb": 2}', "a[U+202E]b"],
  [`{"${"n".repeat(200)}": 1, "${"n".repeat(200)}": 2}`, "n".repeat(64)],
])("%s names a member twice", (text, name) => {
  expect(() => parseStrictJson(text)).toThrow(new SyntaxError(`has the member "${name}" twice in one object`));
});

test("the same name in other objects, as a value and in a text is none", () => {
  const text =
    '{"a": {"a": [{"a": "a"}, {"a": "\\"a\\": 1, \\"a\\": 2"}]}, "b": "a", "c": ["b", "b", ":", "{"], "d\\\\": "\\\\"}';
  expect(parseStrictJson(text)).toEqual(JSON.parse(text));
});

test("whatever JSON.stringify writes is read as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 3 }), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test("malformed and deep texts, and long ones, are refused or read in one pass", async () => {
  for (const text of ["", "{", '{"a": 1,}', '{"a" 1}', "\u{feff}{}", '"', '{"a": "\\"}', "nul"]) {
    expect(() => parseStrictJson(text)).toThrow(new SyntaxError("is not JSON"));
  }
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(parseStrictJson(nested(MAX_JSON_DEPTH))).toHaveLength(1);
  expect(() => parseStrictJson(nested(MAX_JSON_DEPTH + 1))).toThrow(/nested deeper than 64/u);
  expect(() => parseStrictJson(nested(100_000))).toThrow(SyntaxError);
  const long = JSON.stringify({ text: '\\"'.repeat(500_000), list: Array.from({ length: 50_000 }, (_, i) => ({ i })) });
  expect(parseStrictJson(long)).toEqual(JSON.parse(long));
  await expect(readJsonFile(await file("{"), "policy file")).rejects.toMatchObject({
    code: "ERR_USAGE",
    message: expect.stringContaining("is not JSON"),
  });
});
