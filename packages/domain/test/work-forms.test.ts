/** Sets and tables through the workshop: from user code over the guard to what a domain serves.
 *  @module */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescribedBundle } from "@sluice/protocol";
import { bundleJob } from "@sluice/sandbox/bundle";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorkshop, type GuardedOutcome, type GuardedRun, type Workshop } from "../src/work/index.ts";
import { sampleTable } from "./work-fixture.ts";

type Job = DescribedBundle & { readonly code: Uint8Array };
let workshop: Workshop;
let report: Job;
let set: Job;

beforeAll(async () => {
  workshop = createWorkshop();
  report = await jobOf(
    '{ kind: "table", dimensions: [{ name: "half", levels: ["first", "last"] }], measures: ["age"] }',
    `{ dimensions: { half: groupByBreaks(numbersOf(rows.age), [50]) }, measures: { age: numbersOf(rows.age) } }`,
  );
  set = await jobOf('{ kind: "set", match: "psi-ids" }', "memberFlags(rows, (row) => rows.age.values[row] >= 77)");
});
afterAll(() => workshop.close());

async function jobOf(spec: string, produced: string): Promise<Job> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-job-"));
  try {
    const file = join(directory, "job.ts");
    await writeFile(
      file,
      `import { defineJob } from "@sluice/sandbox/job";
      import { groupByBreaks, memberFlags, numbersOf } from "@sluice/sandbox/kit";
      export default defineJob({
        name: "forms", purpose: "forms", input: { age: "f64" },
        outputs: { fit: { kind: "metrics", keys: ["rows"] }, out: ${spec} },
        develop: (rows: any) => ({ fit: { rows: rows.rowCount } }),
        produce: (rows: any, model: any) => { if (model !== undefined) throw 1; return { out: ${produced} }; },
      } as any);`,
    );
    const { code } = await bundleJob(file);
    return { code, ...(await workshop.describe(code)) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function build({ code, manifest }: Job, rows: number, change: Partial<GuardedRun> = {}): Promise<GuardedOutcome> {
  const limits = { wallTimeLimitMs: 10_000, memoryLimitBytes: 128 * 1_048_576 };
  const run = {
    code,
    manifest,
    entry: "produce",
    environment: "production",
    table: sampleTable(rows),
    seed: 7,
    limits,
  };
  return workshop.runGuarded({ ...run, ...change } as GuardedRun);
}

/** Rows are about `people` persons in turn. */
const about = (rows: number, people: number): Uint32Array =>
  Uint32Array.from({ length: rows }, (_, row) => row % people);

test("a table is grouped by the guard, without a model", async () => {
  const outcome = await build(report, 600);
  if (!outcome.ok) throw new Error(outcome.code);
  // Ages go from 20 to 79: 30 of 60 are below 50.
  expect(outcome.output.values["out"]).toMatchObject({
    kind: "table",
    cells: [
      { at: [0], rows: 300, means: { age: 34.5 } },
      { at: [1], rows: 300, means: { age: 64.5 } },
    ],
    totals: [[300, 300]],
    total: 600,
  });
  expect(outcome.report.output).toMatch(/^[0-9a-f]{64}$/u);
});

test("the guard counts persons as the store numbered them, and refuses groups of few", async () => {
  expect(await build(report, 600, { subjects: about(600, 60) })).toMatchObject({ ok: true });
  // Six persons in each half, twelve together.
  const few = (row: number): number => (row % 6) + (row % 60 < 30 ? 0 : 6);
  expect(await build(report, 600, { subjects: Uint32Array.from({ length: 600 }, (_, row) => few(row)) })).toMatchObject(
    {
      ok: false,
      code: "ERR_GUARD_OUTPUT",
      refusedBy: "guard",
      details: { output: "out", rule: "table-cells" },
    },
  );
  // A view that does not start its buffer.
  const view = Uint32Array.from({ length: 700 }, (_, i) => (i < 100 ? i : few(i - 100))).subarray(100);
  expect(await build(report, 600, { subjects: view })).toMatchObject({ details: { rule: "table-cells" } });
});

test("subjects that do not fit the rows are refused before anything is counted", async () => {
  for (const subjects of [new Uint32Array(599), new Uint32Array(600).fill(600)]) {
    expect(await build(report, 600, { subjects })).toMatchObject({ ok: false, code: "ERR_BODY_INVALID" });
  }
});

test("a set comes out as flags, and one of fewer than 10 persons is refused", async () => {
  const outcome = await build(set, 600);
  if (!outcome.ok) throw new Error(outcome.code);
  const members = Uint8Array.from({ length: 600 }, (_, i) => (20 + (i % 60) >= 77 ? 1 : 0));
  expect(outcome.output).toEqual({ class: "served", values: { out: { kind: "set", members } } });
  expect(await build(set, 600, { subjects: about(600, 60) })).toMatchObject({ details: { rule: "set-cell" } });
});
