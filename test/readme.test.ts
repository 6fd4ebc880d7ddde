/** What the README says works: its commands exist, its query runs against a served product, its links lead somewhere.
 *  @module */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { openServing } from "../benchmarks/serving-city.ts";
import { codeBlocks, commands, deadReferences, scriptsOf } from "./documents.ts";
import { readFiles, ROOT } from "./source-files.ts";

/** Persons of the city that the query is run against: the fewest the demo takes. */
const PERSONS = 2_000;

const english = await readFile(join(ROOT, "README.md"), "utf8");
const chinese = await readFile(join(ROOT, "README.zh-CN.md"), "utf8");
const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

test("every command of the README and of CONTRIBUTING is a script of package.json", async () => {
  const pages = [english, await readFile(join(ROOT, "CONTRIBUTING.md"), "utf8")];
  const named = pages.flatMap(commands).flatMap(scriptsOf);
  expect(named).toContain("start");
  expect(named).toContain("test");
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  expect(scriptsOf("npm run test:full")).toEqual(["test:full"]);
  expect(scriptsOf("npx pnpm@12.21.0 check")).toEqual(["check"]);
});

test("the README names the command that continuous integration takes for the tests", () => {
  expect(english).toMatch(/^npm test +# run the tests$/m);
});

test("both READMEs have the same commands and the same query", () => {
  expect(commands(chinese)).toEqual(commands(english));
  expect(codeBlocks(chinese, "ts")).toEqual(codeBlocks(english, "ts"));
  expect(codeBlocks(english, "ts")).toHaveLength(1);
});

test("links of the documents lead somewhere, and the files they name exist", () => {
  expect(readFiles(".", /\.md$/).flatMap(deadReferences)).toEqual([]);
  const dead = { path: "docs/x.md", text: "[a](nowhere.md) [b](https://example.org) [c](#here) `test/nowhere.ts`" };
  expect(deadReferences(dead)).toHaveLength(2);
});

test("one version of pnpm is pinned everywhere", () => {
  const files = readFiles(".", /^(?:install\.mjs|\.ci\/run|package\.json|[A-Z]\w*\.md|docs\/.*\.md|\.github\/.*)$/);
  const versions = files.flatMap((file) => file.text.match(/pnpm@\d[\d.]*\d/g) ?? []);
  expect([...new Set(versions)]).toHaveLength(1);
});

test.runIf(process.env["SLOW"] === "1")("the query of the README gets a label and two receipts", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-readme-"));
  const { running, keys } = await openServing(directory, PERSONS);
  try {
    const trust = join(directory, "trust.json");
    await writeFile(trust, JSON.stringify(running.city.trust));
    const key = join(directory, "parties", "river-bank.key");
    const environment = { SLUICE_GATEWAY: running.gatewayUrl, SLUICE_KEY: key, SLUICE_TRUST: trust };
    expect(await runQuery(environment, keys[0] ?? "")).toMatch(/^[ABCD] 2\n$/);
    expect(await runQuery(environment, "nobody")).toBe("no record 2\n");
  } finally {
    await running.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

test.runIf(process.env["SLOW"] === "1")(
  "`npm start` stays up and prints what the query of the README reads",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "sluice-readme-"));
    const arguments_ = ["packages/cli/src/main.ts", "demo", "--rows", String(PERSONS), "--data", directory];
    const demo = spawn(process.execPath, arguments_, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    try {
      const { environment, key } = await announced(demo);
      expect(await runQuery(environment, key)).toMatch(/^[ABCD] 2\n$/);
    } finally {
      demo.kill("SIGINT");
      if (demo.exitCode === null) await once(demo, "exit");
      await rm(directory, { recursive: true, force: true });
    }
  },
);

/** What the README's snippet prints, run as a module of this repository. */
async function runQuery(environment: Record<string, string>, key: string): Promise<string> {
  const [snippet = ""] = codeBlocks(english, "ts");
  const ask = spawn(process.execPath, ["--input-type=module-typescript", "-", key], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
  });
  ask.stdin.end(snippet);
  const [printed, errors] = await Promise.all([text(ask.stdout), text(ask.stderr)]);
  expect(errors).toBe("");
  return printed;
}

/** The variables that a demo prints when it is ready, and a key that its product holds. */
async function announced(demo: ChildProcess): Promise<{ environment: Record<string, string>; key: string }> {
  const environment: Record<string, string> = {};
  if (demo.stdout === null) throw new TypeError("the demo has no output");
  const seen: string[] = [];
  for await (const line of createInterface({ input: demo.stdout })) {
    seen.push(line);
    for (const [, name = "", value = ""] of line.matchAll(/(SLUICE_[A-Z]+)=(\S+)/g)) environment[name] = value;
    const key = /\blookup [\w-]+ (\d{17}[\dX])/.exec(line)?.[1];
    if (key !== undefined) return { environment, key };
  }
  throw new Error(`the demo ended without saying how to ask it:\n${seen.join("\n")}`);
}
