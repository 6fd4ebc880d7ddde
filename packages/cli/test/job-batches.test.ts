/** A job that reads in batches, on its developer's machine.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";

test("`job dev` and `job check` run a job that reads in batches, and its rows have no columns", async () => {
  const directory = join(await temporaryDirectory(), "parts");
  expect((await sluice(["job", "init", directory, "--form", "noisy"])).code).toBe(0);
  const file = join(directory, "job.ts");
  const text = await readFile(file, "utf8");
  const body = `let seen = 0; rows.forEachBatch((batch) => { seen += batch.rowCount; });
    metric("seen", seen); metric("columns", Object.keys(rows).length - 1);`;
  await writeFile(
    file,
    text
      .replace("  input:", `  read: "batches",\n  input:`)
      .replace(/develop\([^)]*\)[^{]*\{/u, `develop(rows, { log, metric }) { ${body}`),
  );
  const dev = await sluice(["job", "dev", file, "--json"]);
  expect(dev).toMatchObject({ code: 0, stderr: "" });
  const { rows, entries } = JSON.parse(dev.stdout) as { rows: number; entries: { metrics: unknown }[] };
  expect(rows).toBeGreaterThan(0);
  expect(entries[0]?.metrics).toEqual([
    { name: "seen", value: rows },
    { name: "columns", value: 0 },
  ]);
  const check = await sluice(["job", "check", file, "--json"]);
  expect(JSON.parse(check.stdout)).toMatchObject({ ok: true, manifest: { read: "batches" } });
});
