/** What the tests of the workshop share: jobs written, bundled and run as a developer's are.
 *  @module */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bytes, ColumnBatch, JobManifest } from "@sluice/protocol";
import { bundleJob } from "@sluice/sandbox/bundle";
import type { GuardedRun } from "../src/work/index.ts";

/** Input and outputs of the test jobs. */
const DECLARATION = `
  name: "band", purpose: "inclusive-credit",
  input: { region: "dict", age: "f64", insured: "bool" },
  outputs: {
    fit: { kind: "metrics", keys: ["share", "rows"] },
    model: { kind: "linear-model", maxParameters: 8 },
    band: { kind: "labels", vocabulary: ["A", "B", "C"] },
  },`;

/** Body of `develop` that returns a guardable output. */
export const HONEST_DEVELOP = `
  log("rows " + rows.rowCount); progress(0.5);
  let insured = 0;
  for (const value of rows.insured.values) insured += value;
  return {
    fit: { share: insured / rows.rowCount, rows: rows.rowCount },
    model: { features: ["age"], weights: [0.123456], intercept: -1 },
  };`;
/** Body of `produce` that labels by age. */
export const HONEST_PRODUCE = `
  return { band: Uint8Array.from(rows.age.values, (age) => (age * model.weights[0] > 5 ? 1 : 0)) };`;

/** Bundle of a job with these function bodies. */
export async function bundleOf(develop: string, produce = HONEST_PRODUCE, top = "", read = ""): Promise<Bytes> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-job-"));
  try {
    const file = join(directory, "job.ts");
    const source = `import { defineJob } from "@sluice/sandbox/job";\n${top}\nexport default defineJob({${DECLARATION} ${read}
      develop(rows: any, { progress, log }: any) {${develop}},
      produce(rows: any, model: any, { progress, log }: any) {${produce}} } as any);`;
    await writeFile(file, source);
    return (await bundleJob(file)).code;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A desensitised table of `rowCount` rows. */
export function sampleTable(rowCount: number): ColumnBatch {
  return {
    rowCount,
    columns: {
      region: {
        type: "dict",
        values: Uint32Array.from({ length: rowCount }, (_, i) => i % 2),
        dictionary: ["3301", "3302"],
      },
      age: { type: "f64", values: Float64Array.from({ length: rowCount }, (_, i) => 20 + (i % 60)) },
      insured: {
        type: "bool",
        values: Uint8Array.from({ length: rowCount }, (_, i) => i & 1),
        validity: new Uint8Array(Math.ceil(rowCount / 8)).fill(0xff),
      },
    },
  };
}

/** A development run of `code` on 200 rows. */
export function developRun(code: Bytes, manifest: JobManifest, change: Partial<GuardedRun> = {}): GuardedRun {
  return {
    code,
    manifest,
    entry: "develop",
    environment: "development",
    table: sampleTable(200),
    seed: 7,
    limits: { wallTimeLimitMs: 10_000, memoryLimitBytes: 128 * 1_048_576 },
    ...change,
  };
}
