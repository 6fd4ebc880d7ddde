/** Errors of a developer's run, at the line that the developer wrote.
 *  @module */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromUtf8, type ColumnBatch } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForDevelopment, bundleJob } from "../src/bundle.ts";
import { createSandboxRunner, locateReason } from "../src/index.ts";
import { sealed } from "./jobs.ts";

let directory: string;
let runner: Awaited<ReturnType<typeof createSandboxRunner>>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "position-test-"));
  runner = await createSandboxRunner();
});
afterAll(async () => {
  await runner.close();
  await rm(directory, { recursive: true });
});

const HEAD = `import { defineJob } from "@sluice/sandbox/job";
import { designMatrix } from "@sluice/sandbox/kit";
import { score } from "./lib/score.ts";
interface Erased { readonly gone: true }
export default defineJob({ name: "a", purpose: "b", input: { age: "f64" },
  outputs: { fit: { kind: "metrics", keys: ["n"] } },
  develop(rows) {
`;

const table: ColumnBatch = { rowCount: 2, columns: { age: { type: "f64", values: new Float64Array(2) } } };

/** The reason that a job with `body` from line 8 on fails for, before and after it was located. */
async function reasonOf(body: string, environment: "development" | "production" = "development") {
  await mkdir(join(directory, "lib"), { recursive: true });
  await writeFile(
    join(directory, "lib", "score.ts"),
    `type Row = number;\n\nexport const score = (row: Row): number => {\n  if (row > 1) throw new RangeError("too large");\n  return row;\n};\n`,
  );
  const file = join(directory, "job.ts");
  await writeFile(file, `${HEAD}${body}\n    return { fit: { n: score(1) } };\n  } });\n`);
  const job = await bundleForDevelopment(file);
  const outcome = await runner.run(sealed(job.code, { environment, table }), {});
  if (outcome.ok) throw new Error("it must fail");
  const raw = String(outcome.details["reason"]);
  return { raw, ...locateReason(raw, job.sourceMap) };
}

test("an error carries the file, line and column of the source", async () => {
  const { reason, place } = await reasonOf(
    `    const none: Erased | undefined = undefined;\n    throw new Error("boom");`,
  );
  expect(reason).toBe("Error: boom (job.ts:9:11)");
  expect(place).toMatchObject({ file: "job.ts", line: 9, column: 11 });
  expect(place?.source?.split("\n")[8]).toBe('    throw new Error("boom");');
});

test("an error in an imported file names that file", async () => {
  const { reason } = await reasonOf(`    score(2);`);
  expect(reason).toBe("RangeError: too large (lib/score.ts:4:22)");
});

test("an error in the kit is told where the job called it", async () => {
  const { raw, reason } = await reasonOf(`    designMatrix(rows, ["height"]);`);
  expect(raw).toMatch(/^RangeError: there is no column height \(bundle line \d+:\d+(?:, \d+:\d+){2,}\)$/);
  expect(reason).toBe("RangeError: there is no column height (job.ts:8:5)");
});

test("a production run tells neither reason nor position", async () => {
  const { raw, place } = await reasonOf(`    throw new Error("boom");`, "production");
  expect(raw).not.toMatch(/boom|line/);
  expect(place).toBeNull();
});

test("the bundle's bytes hold no map, and are those of `bundleJob`", async () => {
  const file = join(directory, "job.ts");
  await writeFile(file, `${HEAD}    return { fit: { n: score(1) } };\n  } });\n`);
  const job = await bundleForDevelopment(file);
  expect(job.code).toEqual((await bundleJob(file)).code);
  expect(fromUtf8(job.code)).not.toContain("sourceMappingURL");
  expect(job.files.toSorted()).toEqual([file, join(directory, "lib", "score.ts")]);
});

test.each([
  ["no position", "Error: boom"],
  ["a position outside of the map", "Error: boom (bundle line 9999999:1)"],
  ["a position that is none", "Error: boom (bundle line 1)"],
])("a reason with %s stays as it is", (_name, reason) => {
  const map = JSON.stringify({ version: 3, sources: [], names: [], mappings: "" });
  for (const text of [map, "", "{}", "[]"]) expect(locateReason(reason, text)).toEqual({ reason, place: null });
});
