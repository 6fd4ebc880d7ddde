/** Params of a job on its developer's machine.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";

test("`job dev` gives the params that are named, shows metrics, and refuses others by code", async () => {
  const directory = join(await temporaryDirectory(), "cuts");
  expect((await sluice(["job", "init", directory, "--form", "noisy"])).code).toBe(0);
  const file = join(directory, "job.ts");
  const text = await readFile(file, "utf8");
  await writeFile(
    file,
    text
      .replace("  input:", `  params: { cut: { type: "int", min: 20, max: 60, default: 40 } },\n  input:`)
      .replace(/develop\([^)]*\)[^{]*\{/u, `develop(rows, { params, metric, log }) { metric("cut", params.cut);`),
  );
  for (const [options, cut] of [
    [["--param", "cut=50"], 50],
    [[], 40],
  ] as const) {
    const { code, stdout, stderr } = await sluice(["job", "dev", file, "--json", ...options]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      params: { cut },
      entries: [{ metrics: [{ name: "cut", value: cut }] }],
    });
  }
  for (const param of ["cut=61", "cut=(1)", "more=1"]) {
    expect(await sluice(["job", "dev", file, "--param", param])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("ERR_JOB_PARAM") as string,
    });
  }
});
