import { createHash } from "node:crypto";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromUtf8, sha256Hex } from "@sluice/protocol";
import { bundleJob } from "../src/bundle.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "bundle-test-"));
});
afterAll(() => rm(directory, { recursive: true }));

const SOURCE = `
  import { defineJob } from "@sluice/sandbox/job";
  import { auc } from "@sluice/sandbox/kit";
  import { keys } from "./keys.ts";
  export default defineJob({ name: "a", purpose: "b", input: {}, outputs: { fit: { kind: "metrics", keys } },
    develop(rows) { return { fit: { n: auc([1], [1]) } }; } });`;

test("bundles equal sources to equal bytes wherever they lie, without telling where", async () => {
  const bundles: { code: Uint8Array; bundle: string }[] = [];
  for (const name of ["one", "two"]) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, "keys.ts"), `export const keys: ["n"] = ["n"];`);
    await writeFile(join(directory, name, "job.ts"), SOURCE);
    bundles.push(await bundleJob(join(directory, name, "job.ts")));
  }
  const [first, second] = bundles;
  if (first === undefined || second === undefined) throw new Error("two bundles");
  expect(first.code).toEqual(second.code);
  expect(first.bundle).toBe(await sha256Hex(second.code));
  expect(fromUtf8(first.code)).not.toMatch(/bundle-test-|packages|import\s|\.\.\//);
});

test.each([
  [`import { readFileSync } from "node:fs"; console.log(readFileSync);`, "file"],
  [`import fs from "fs/promises"; console.log(fs);`, "file"],
  [`import net from "node:net"; console.log(net);`, "network"],
  [`import https from "https"; console.log(https);`, "network"],
  [`import { spawn } from "node:child_process"; console.log(spawn);`, "process"],
  [`import process from "node:process"; process.exit();`, "process"],
  [`const fs = require("node:fs"); console.log(fs);`, "file"],
  [`const fs = await import("node:fs"); console.log(fs);`, "file"],
  [`import x from "node:surely-not-there"; console.log(x);`, "process"],
  [`import { secret } from "node:crypto"; console.log(secret);`, "random"],
])("refuses %s", async (source, capability) => {
  const file = join(directory, "job.ts");
  await writeFile(file, `${source}\nexport default {};`);
  await expect(bundleJob(file)).rejects.toMatchObject({ code: "ERR_JOB_CAPABILITY", details: { capability } });
});

test.each([
  ["a syntax error", "export default {;", /^job\.ts:1: /],
  ["a missing module", `import "./missing.ts"; export default {};`, /^job\.ts:1: Could not resolve "\.\/missing\.ts"/],
  ["a missing package", `import "no-such-package"; export default {};`, /Could not resolve "no-such-package"/],
  ["a source above the limit", `export default { text: "${"x".repeat(5_242_880)}" };`, /more than 5242880 bytes/],
])("says where %s is", async (_name, source, reason) => {
  const file = join(directory, "job.ts");
  await writeFile(file, source);
  await expect(bundleJob(file)).rejects.toMatchObject({
    code: "ERR_JOB_BUNDLE",
    details: { reason: expect.stringMatching(reason) as unknown },
  });
});

test("says that the entry is missing", async () => {
  await expect(bundleJob(join(directory, "nothing.ts"))).rejects.toMatchObject({ code: "ERR_JOB_BUNDLE" });
});

/** A job in a project of its own, with one package that an installer put there. */
async function projectWith(lockfiles: Readonly<Record<string, string>>): Promise<string> {
  const project = await mkdtemp(join(directory, "project-"));
  const files = {
    "node_modules/answer/package.json": `{ "name": "answer", "version": "1.0.0", "main": "index.js" }`,
    "node_modules/answer/index.js": `export const answer = 42;`,
    "jobs/job.ts": `import { answer } from "answer"; export default { answer };`,
    "jobs/plain.ts": `export default { answer: 42 };`,
    ...lockfiles,
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(project, name, ".."), { recursive: true });
    await writeFile(join(project, name), text);
  }
  return join(project, "jobs");
}

test("the bundle of a job with packages names the nearest lockfile, so that its hash covers it; one without has none", async () => {
  const jobs = await projectWith({ "package-lock.json": "far", "jobs/yarn.lock": "near", "jobs/bun.lock": "later" });
  const before = await bundleJob(join(jobs, "job.ts"));
  expect(before.lockfile).toEqual({ name: "yarn.lock", hash: createHash("sha256").update("near").digest("hex") });
  expect(fromUtf8(before.code)).toContain(`var sluiceLockfile = ${JSON.stringify(before.lockfile)};`);
  const plain = await bundleJob(join(jobs, "plain.ts"));
  expect(plain.lockfile).toBeNull();
  expect(fromUtf8(plain.code)).not.toContain("sluiceLockfile");
  await writeFile(join(jobs, "yarn.lock"), "near, changed");
  expect((await bundleJob(join(jobs, "job.ts"))).bundle).not.toBe(before.bundle);
  expect((await bundleJob(join(jobs, "plain.ts"))).bundle).toBe(plain.bundle);
});

test("a package may import crypto, and its code goes on until it asks it for something; a job's own import is refused", async () => {
  const file = join(
    await projectWith({
      "node_modules/answer/index.js": `import crypto, { randomBytes } from "node:crypto";
        export const answer = () => [typeof crypto, randomBytes(4)];`,
      "yarn.lock": "",
    }),
    "job.ts",
  );
  const { code } = await bundleJob(file);
  const globals = createContext();
  runInContext(
    `Object.defineProperty(globalThis, "crypto", { get() { throw new Error("a job has no crypto"); } });`,
    globals,
  );
  runInContext(fromUtf8(code), globals);
  expect(() => void runInContext("sluiceJob.default.answer()", globals)).toThrow("a job has no crypto");
});

test.each([
  ["no lockfile", {}, /packages and no lockfile: expected pnpm-lock\.yaml/],
  ["a directory for one", { "package-lock.json/x": "" }, /package-lock\.json cannot be read/],
])("refuses packages with %s", async (_name, lockfiles, reason) => {
  const file = join(await projectWith(lockfiles), "job.ts");
  await expect(bundleJob(file)).rejects.toMatchObject({
    code: "ERR_JOB_BUNDLE",
    details: { reason: expect.stringMatching(reason) as unknown },
  });
});
