/** Statlog German credit, 1,000 loans: a score over encrypted columns and a report, each compared with a plain computation
 *  on the raw file. Runs with SLOW=1, where SLUICE_DATA_DIR names a folder with `german-credit/german.data`.
 *  @module */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RiskReport } from "@sluice/protocol";
import { expect, test } from "vitest";
import { askReport } from "../packages/cli/src/demo/ask/ask-report.ts";
import { askScores } from "../packages/cli/src/demo/ask/ask-score.ts";
import type { PlainRow } from "../packages/cli/src/demo/oracles/grouped-table.ts";
import type { SampleResult } from "../packages/cli/src/demo/report.ts";
import type { SceneSpec } from "../packages/cli/src/demo/scene.ts";
import { sluice } from "../packages/cli/test/captured-io.ts";
import { FIELDS, germanRows, hasGerman, POLICY } from "./german-table.ts";
import { realScene, testBundle, walkRealTable } from "./real-table.ts";
import { bucket, classFigures, writtenRows } from "./sample-figures.ts";

const slow = process.env["SLOW"] === "1";
const available = hasGerman();
if (slow && !available) {
  process.stdout.write("skipped: German credit, because SLUICE_DATA_DIR does not hold german-credit/german.data\n");
}

const LEVELS = { status: 4, savings: 5, history: 5 } as const;
function scene(form: "score" | "report", fields: readonly string[]): SceneSpec {
  return realScene(form, {
    domain: "bank-register",
    purpose: "loan-risk",
    fields: fields.map((name) => ({ name, need: "feature, group or outcome" })),
    policy: POLICY,
    probe: { granted: "age", outside: "foreign_worker" },
  });
}

/** Columns by feature, from the text of the raw file: the numbers as they are there, and 0 or 1 for each code. */
function columnsOf(rows: readonly (readonly string[])[]): Record<string, Float64Array> {
  const place = (name: string): number => FIELDS.findIndex(([, field]) => field.name === name);
  const columns: Record<string, Float64Array> = {};
  for (const name of ["duration", "amount", "age", "rate"]) {
    columns[name] = Float64Array.from(rows, (row) => Number(row[place(name)]));
  }
  for (const [name, levels] of Object.entries(LEVELS)) {
    const at = place(name);
    const codes = [...new Set(rows.map((row) => row[at] ?? ""))].toSorted();
    expect(codes).toHaveLength(levels);
    for (const code of codes) columns[`${name}=${code}`] = Float64Array.from(rows, (row) => (row[at] === code ? 1 : 0));
  }
  return columns;
}

/** Loans by housing, age and outcome; policy and job both make steps of the numbers. */
function* plainRows(rows: readonly (readonly string[])[]): Generator<PlainRow> {
  for (const [i, row] of rows.entries()) {
    const [amount, age] = [Number(row[3]), Number(row[6])];
    yield {
      person: String(i),
      at: [["A151", "A152", "A153"].indexOf(row[7] ?? ""), age < 30 ? 0 : age < 45 ? 1 : 2, row[9] === "true" ? 1 : 0],
      values: { amount: Math.floor(amount / 50) * 50 },
    };
  }
}

/** `sluice domain classify`, `sample` and `report` on the table that was walked. */
async function commandsArePlain(
  home: string,
  samples: readonly SampleResult[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const classified = await sluice(["domain", "classify", home, "german", "--json"]);
  const { columns } = JSON.parse(classified.stdout) as { columns: { finding: { name: string; role: string } }[] };
  expect(columns.map(({ finding }) => finding.name)).toEqual(["row_number", ...FIELDS.map(([, { name }]) => name)]);
  expect(columns.filter(({ finding }) => finding.role === "direct").map(({ finding }) => finding.name)).toEqual([
    "row_number",
  ]);

  const { run = "", k = 0 } = samples.find(({ product }) => product === "german-report") ?? {};
  const told = await sluice(["domain", "report", home, run, "--json"]);
  const { report, same } = JSON.parse(told.stdout) as { report: RiskReport; same: boolean };
  expect([told.code, same, report.counts.sourceRows]).toEqual([0, true, 1_000]);
  const [policy, out] = [join(home, "..", "policy.json"), join(home, "..", "sample.csv")];
  await writeFile(policy, JSON.stringify(POLICY));
  const sample = ["domain", "sample", home, "german", "--policy", policy, "--key", "row_number"];
  expect((await sluice([...sample, "--fields", "age,amount,housing,bad", "--out", out])).code).toBe(0);
  const plain = classFigures(
    (await writtenRows(out, ["age", "housing"])).map((cells) => cells.join("/")),
    rows.map((row) => `${bucket(Number(row[6]), 15, 15, 60)}/${row[7] ?? ""}`),
  );
  expect(plain.smallest).toBe(k);
  expect(report.classRisk.mean).toBeCloseTo(plain.mean, 5);
  expect(report.attackers.journalist?.highest).toBeCloseTo(plain.journalist, 5);
}

test.runIf(slow && available)(
  "German credit: 1,000 encrypted rows score like plain ones, and the report equals a plain group-by",
  async () => {
    const rows = await germanRows();
    expect(rows).toHaveLength(1_000);
    const fields = FIELDS.map(([, field]) => field);
    const scored = ["status", "duration", "history", "amount", "savings", "rate", "age", "bad"];
    const columns = columnsOf(rows);
    const { report, said } = await walkRealTable(
      { domain: "bank-register", resource: "german", title: "German credit", fields, rows },
      [
        {
          spec: scene("score", scored),
          product: "german-score",
          code: await testBundle(new URL("jobs/german-score.ts", import.meta.url)),
          ask: ({ client, model, progress }) =>
            askScores(client, { product: "german-score", columns, model, link: "logistic", progress }),
        },
        {
          spec: scene("report", ["age", "amount", "housing", "bad"]),
          product: "german-report",
          code: await testBundle(new URL("jobs/german-report.ts", import.meta.url)),
          ask: ({ client, progress }) =>
            askReport(client, { product: "german-report", rows: () => plainRows(rows), sensitive: [2], progress }),
        },
      ],
      { refusals: false, after: (home, walked) => commandsArePlain(home, walked.samples, rows) },
    );
    expect(report).toMatchObject({
      ok: true,
      calls: [
        { kind: "score", correct: true, count: 1_000 },
        { kind: "report", correct: true },
      ],
    });
    // Published logistic models reach about 0.79 on the full columns.
    expect(Number(/auc (0\.\d+)/.exec(said)?.[1])).toBeGreaterThan(0.72);
  },
  120_000,
);
