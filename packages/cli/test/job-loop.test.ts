/** The developer's loop on one machine: init, dev, check, and what a developer sees when something is wrong.
 *  @module */
import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Policy, ResourceDescription } from "@sluice/protocol";
import { beforeEach, expect, test } from "vitest";
import { runCommandLine } from "../src/command-line.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const long = test.runIf(process.env["SLOW"] === "1");

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** The compiler that the workspace has. */
const TYPESCRIPT = join(ROOT, "node_modules", "typescript", "bin", "tsc");

let directory: string;
let file: string;
beforeEach(async () => {
  directory = join(await temporaryDirectory(), "fair-credit");
  file = join(directory, "job.ts");
  expect((await sluice(["job", "init", directory])).code).toBe(0);
});

/** Replaces text of the job, which must be there. */
async function edit(change: readonly (readonly [string, string])[], name = "job.ts"): Promise<void> {
  let text = await readFile(join(directory, name), "utf8");
  for (const [before, after] of change) {
    expect(text).toContain(before);
    text = text.replace(before, after);
  }
  await writeFile(join(directory, name), text);
}

test("`job init` writes a job and its documents, named after the directory, and replaces nothing", async () => {
  expect((await readdir(directory)).toSorted()).toEqual(["job.ts", "policy.json", "resource.json", "tsconfig.json"]);
  const document = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(directory, name), "utf8"));
  expect(Policy.parse(await document("policy.json")).resource).toBe("social-insurance");
  expect(ResourceDescription.parse(await document("resource.json")).resource).toBe("social-insurance");
  expect(await readFile(file, "utf8")).toContain('name: "fair-credit"');
  await edit([["fair-credit", "my-own-work"]]);
  const again = await sluice(["job", "init", directory]);
  expect(again.stderr).toMatch(/^error ERR_CONFLICT: file .*job\.ts exists/);
  expect(again.code).toBe(1);
  expect(await readFile(file, "utf8")).toContain("my-own-work");
});

test("an editor types the job: the configuration knows the columns, and that a job has no DOM", async () => {
  const errorsOfJob = async (): Promise<string[]> => {
    const compiled = promisify(execFile)(process.execPath, [TYPESCRIPT, "--project", directory]);
    const { stdout } = await compiled.catch((error: { stdout: string }) => error);
    return stdout.split("\n").filter((line) => /job\.ts\(/.test(line));
  };
  expect(await errorsOfJob()).toEqual([]);
  await edit([["rows.defaulted.values", "rows.defaultet.values"]]);
  expect((await errorsOfJob()).join("\n")).toContain("defaultet");
  await edit([["rows.defaultet.values", 'fetch("https://example.org")']]);
  expect((await errorsOfJob()).join("\n")).toContain("fetch");
});

test("`job dev` runs develop and produce on synthetic rows, and shows what the guard changes", async () => {
  const { code, stdout, stderr } = await sluice(["job", "dev", file]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^fair-credit {2}bundle [0-9a-f]{64}, \d+ bytes\n2000 synthetic rows of social-insurance, seed 1/,
  );
  expect(stdout).toMatch(/^develop: ok, \d+ ms\n {2}\| 2000 rows, auc 0\.\d{3}$/m);
  expect(stdout).toMatch(/^ {2}fit\.auc +0\.\d{1,3} +from 0\.\d{6,}$/m);
  expect(stdout).toMatch(/^ {2}model: age +-?[\d.e-]+ +from /m);
  expect(stdout).toMatch(/^ {4}changed +model +model-digits +4 significant digits/m);
  expect(stdout).toMatch(
    /^produce: ok, \d+ ms, with the model as the guard rounded it\n {2}band +A \d+, B \d+, C \d+, D \d+$/m,
  );
});

test("`job check` finds a new job ready, and tells what stands behind each column", async () => {
  const { code, stdout, stderr } = await sluice(["job", "check", file]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^age +f64 +f64 by bucket$/m);
  expect(stdout).toMatch(/^region +dict +dict by generalize$/m);
  expect(stdout).toMatch(/\nready to submit\n$/);
  expect(code).toBe(0);
});

test("a job that throws is shown at its line of TypeScript", async () => {
  await edit([["    log(", '    if (rows.rowCount > 1) throw new RangeError("too many");\n    log(']]);
  const line = (await readFile(file, "utf8")).split("\n").findIndex((text) => text.includes("too many")) + 1;
  const { code, stderr } = await sluice(["job", "dev", file]);
  expect(stderr).toMatch(new RegExp(`^job\\.ts:${line}:34\n`));
  expect(stderr).toMatch(new RegExp(`^> ${line} \\|     if \\(rows\\.rowCount > 1\\) throw`, "m"));
  expect(stderr).toContain(`error ERR_JOB_THREW: the job threw: RangeError: too many (job.ts:${line}:34)\n`);
  expect(code).toBe(1);
  const document = JSON.parse((await sluice(["job", "dev", file, "--json"])).stdout) as { entries: unknown[] };
  expect(document).toMatchObject({ ok: false, entries: [{ place: { file: "job.ts", line, column: 34 } }] });
});

test("a job that throws before it is defined is shown at its line, too", async () => {
  await edit([["export default", 'if (FEATURES.length > 1) throw new Error("early");\nexport default']]);
  const { code, stderr } = await sluice(["job", "dev", file]);
  expect(stderr).toMatch(/^error ERR_JOB_THREW: the job threw: Error: early \(job\.ts:\d+:32\)\n/);
  expect(code).toBe(1);
});

test("a job that breaks a guard rule is shown the rule, and what it returned stays here", async () => {
  await edit([["maxParameters: 64", "maxParameters: 3"]]);
  const { code, stdout, stderr } = await sluice(["job", "check", file]);
  expect(stdout + stderr).toMatch(/output model breaks rule linear-model-parameters/);
  expect(code).toBe(1);
  await edit([
    ["maxParameters: 3", "maxParameters: 64"],
    ["return { fit, model };", "return { fit, model: { ...model, features: model.features.map((_, i) => `p${i}`) } };"],
  ]);
  const named = await sluice(["job", "dev", file]);
  expect(named.stdout).toMatch(/^ {4}refused +model +model-features +each feature is an input column/m);
  expect(named.stdout).toMatch(/^ {2}fit\.auc +0\.\d+ +stays here$/m);
  expect(named.stderr).toMatch(
    /^error ERR_GUARD_OUTPUT: output model breaks rule model-features\nwhat to do: each feature/,
  );
  expect(named.stdout).not.toContain("produce:");
  expect(named.code).toBe(1);
});

test("`produce` gets the model as the guard rounded it, on other rows, and its errors have their line, too", async () => {
  await edit([
    [
      "produce(rows, model) {",
      "produce(rows, model, { log }) {\n    log(`given ${model.intercept} ${rows.age.values.join()}`);",
    ],
    ["log(`${rows.rowCount} rows", "log(`seen ${rows.age.values.join()}`);\n    log(`${rows.rowCount} rows"],
  ]);
  const run = JSON.parse((await sluice(["job", "dev", file, "--rows", "400", "--json"])).stdout) as {
    entries: { log: string[]; returned: { model: { intercept: number } }; output: { model: { intercept: number } } }[];
  };
  const [developed, produced] = run.entries;
  const [, intercept, ages] = produced?.log[0]?.split(" ") ?? [];
  expect(Number(intercept)).toBe(developed?.output.model.intercept);
  expect(Number(intercept)).not.toBe(developed?.returned.model.intercept);
  expect(developed?.log[0]?.split(" ")[1]?.slice(0, 100)).not.toBe(ages?.slice(0, 100));
  await edit([["return { band:", 'throw new TypeError("late");\n    return { band:']]);
  const { code, stderr } = await sluice(["job", "dev", file, "--rows", "400"]);
  expect(stderr).toMatch(/error ERR_JOB_THREW: the job threw: TypeError: late \(job\.ts:\d+:11\)/);
  expect(code).toBe(1);
});

test("a column that the policy does not show, and one of another type, are told before anything runs", async () => {
  await edit([['age: "f64"', 'age: "i32", resident_id: "dict"']]);
  const { code, stdout, stderr } = await sluice(["job", "check", file]);
  expect(stdout).toMatch(/^resident_id +dict +not shown$/m);
  expect(stdout).toMatch(/\nnot ready: 2 to correct\n$/);
  expect(stderr).toContain("error ERR_GRANT_FIELD: field resident_id is outside the grant\n");
  expect(stderr).toContain("ERR_JOB_MANIFEST: the job's manifest is not valid at /input/age: expected f64");
  expect(code).toBe(1);
  const document = JSON.parse((await sluice(["job", "check", file, "--json"])).stdout) as unknown;
  expect(document).toMatchObject({
    ok: false,
    entries: [],
    problems: [{ code: "ERR_JOB_MANIFEST" }, { code: "ERR_GRANT_FIELD" }],
  });
});

test("documents that are missing or broken are named", async () => {
  await edit([['"version": 1', '"version": 2']], "policy.json");
  const broken = await sluice(["job", "dev", file]);
  expect(broken.stderr).toMatch(/^error ERR_USAGE: .*policy\.json does not fit its schema at \/version: /);
  expect(broken.code).toBe(2);
  const elsewhere = join(await temporaryDirectory(), "job.ts");
  await writeFile(elsewhere, await readFile(file));
  const bare = await sluice(["job", "dev", elsewhere]);
  expect(bare.stderr).toMatch(
    /^error ERR_DIRECTORY_STATE: .* does not hold resource\.json\nwhat to do: create it with `sluice job init DIR`/,
  );
  expect(bare.code).toBe(1);
});

long("`job dev --watch` runs again after a save, also one that does not bundle, and ends at an interrupt", async () => {
  await writeFile(join(directory, "word.ts"), 'export const WORD = "auc";\n');
  await edit([
    ["export default", 'import { WORD } from "./word.ts";\nexport default'],
    ["auc ${", "${WORD} ${"],
  ]);
  const interrupt = new AbortController();
  let text = "";
  let seen: { words: RegExp; resolve: () => void } | undefined;
  const write = (part: string): void => {
    text += part;
    if (seen?.words.test(text) === true) seen.resolve();
  };
  /** Waits for words in what was printed since the last time. */
  const printed = async (words: RegExp): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    seen = { words, resolve };
    write("");
    await promise;
    text = "";
  };
  const ended = runCommandLine(["job", "dev", file, "--watch", "--rows", "200"], {
    stdout: { write },
    stderr: { write },
    readStdin: () => Promise.resolve(""),
    env: {},
    signal: interrupt.signal,
  });
  await printed(/200 rows, auc[^]*watching/);
  await edit([["auc", "separation"]], "word.ts");
  await printed(/200 rows, separation[^]*watching/);
  await edit([["export default", "export default default"]]);
  await printed(/ERR_JOB_BUNDLE[^]*job\.ts:\d+: [^]*watching/);
  await edit([["export default default", "export default"]]);
  await printed(/200 rows, separation[^]*watching/);
  await edit([['"width": 10', '"width": 20']], "policy.json");
  await printed(/200 rows, separation[^]*watching/);
  interrupt.abort();
  expect(await ended).toBe(0);
});
