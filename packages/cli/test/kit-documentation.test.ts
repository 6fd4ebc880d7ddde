/** The page on the kit, tried as written: every job is typed, and returns a model of the released form.
 *  @module */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const page = await readFile(new URL("../../../docs/kit.md", import.meta.url), "utf8");
const jobs = [...page.matchAll(/^```ts (\w+\.ts)\n([^]*?)^```$/gm)].map(([, name = "", source = ""]) => ({
  name,
  source,
}));
const kinds: Record<string, string> = {
  "tree.ts": "tree-model",
  "scorecard.ts": "scorecard",
  "counts.ts": "linear-model",
  "clusters.ts": "clusters",
};

test.runIf(process.env["SLOW"] === "1")(
  "every job of the page is typed as written, and returns its model",
  async () => {
    expect(jobs.map(({ name }) => name)).toEqual(Object.keys(kinds));
    const directory = join(await temporaryDirectory(), "kit");
    expect((await sluice(["job", "init", directory, "--form", "table"])).code).toBe(0);
    for (const { name, source } of jobs) await writeFile(join(directory, name), source);
    const compiler = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));
    const compiled = promisify(execFile)(process.execPath, [compiler, "--project", directory]);
    const { stdout: errors } = await compiled.catch((error: { stdout: string }) => error);
    expect(errors.split("\n").filter((line) => /(?:tree|scorecard|counts|clusters)\.ts\(/.test(line))).toEqual([]);
    for (const { name } of jobs) {
      const { stdout } = await sluice(["job", "dev", join(directory, name), "--json"]);
      expect(stdout).toContain(`"kind":"${kinds[name]}"`);
      expect(stdout).not.toContain("ERR_JOB");
      expect(stdout).toMatch(/"returned":\{"fit"/);
    }
  },
);
