/** A model with a hidden layer that stays in its domain, through real processes: trained by the kit in the sandbox on every loan of German
 *  credit, guarded, released by its declaration alone, and asked through a gateway; against the same training in the clear. Runs with
 *  SLOW=1, where SLUICE_DATA_DIR holds the table.
 *  @module */
import { auc, squareScores, type SquareNetworkFit } from "@sluice/sandbox/kit";
import { expect, test } from "vitest";
import type { Asked, Asking } from "../packages/cli/src/demo/plan.ts";
import { FIELDS, germanRows, hasGerman, POLICY } from "./german-table.ts";
import { fitted, FEATURES } from "./jobs/german-hidden.ts";
import { realScene, testBundle, walkRealTable } from "./real-table.ts";

const GRANTED = ["status", "duration", "history", "amount", "savings", "rate", "age", "bad"];

/** Columns as callers have them: the numbers as they are, and 0 or 1 for each code. */
function columnsOf(rows: readonly (readonly string[])[]): Record<string, Float64Array> {
  return Object.fromEntries(
    FEATURES.map(({ name }) => {
      const [column = "", code] = name.split("=");
      const at = FIELDS.findIndex(([, field]) => field.name === column);
      return [
        name,
        Float64Array.from(rows, (row) => (code === undefined ? Number(row[at]) : Number(row[at] === code))),
      ];
    }),
  );
}

/** The same training on what the policy shows: numbers in steps. */
function plainNetwork(rows: readonly (readonly string[])[]): SquareNetworkFit {
  const columns = columnsOf(rows);
  const step = (name: string, width: number, least = 0, most = Infinity): Float64Array =>
    (columns[name] ?? new Float64Array(0)).map(
      (value) => Math.floor((Math.min(most, Math.max(least, value)) - least) / width) * width + least,
    );
  const shown: Record<string, Float64Array> = {
    ...columns,
    duration: step("duration", 3),
    amount: step("amount", 50),
    age: step("age", 15, 15, 60),
  };
  const bad = Uint8Array.from(rows, (row) => Number(row.at(-1) === "true"));
  const none = new Float64Array(0);
  return fitted(
    {
      rowCount: rows.length,
      features: FEATURES.map(({ name }) => name),
      columns: FEATURES.map(({ name }) => shown[name] ?? none),
    },
    bad,
  );
}

test.runIf(process.env["SLOW"] === "1" && hasGerman())(
  "a model that stays scores loans as the plain one does, and costs 8,192 rows; no receipt or release has it",
  { timeout: 300_000 },
  async () => {
    const rows = await germanRows();
    const columns = columnsOf(rows);
    const labels = rows.map((row) => Number(row.at(-1) === "true"));
    const none = new Float64Array(0);
    const features = FEATURES.map(({ name }) => name);
    const plain = squareScores(plainNetwork(rows), {
      rowCount: rows.length,
      features,
      columns: features.map((name) => columns[name] ?? none),
    });
    const figures: number[] = [];
    const ask = async ({ client, model }: Asking): Promise<Asked> => {
      const handle = await client.openScore("german-hidden");
      const started = performance.now();
      const { scores, receipt } = await handle.score(columns);
      const p50Ms = performance.now() - started;
      const errors = Array.from(scores, (score, i) => Math.abs(score - (plain[i] ?? Number.NaN)));
      figures.push(Math.max(...errors), auc(scores, labels), auc(plain, labels));
      expect(model).toBeUndefined();
      expect(receipt.receipt.body.quantity).toEqual({ unit: "score-row", amount: "8192" });
      return { result: { correct: true, count: scores.length, p50Ms }, receipts: [receipt] };
    };
    const spec = realScene("score", {
      domain: "bank-register",
      purpose: "loan-risk",
      fields: GRANTED.map((name) => ({ name, need: "feature or outcome" })),
      policy: POLICY,
      probe: { granted: "age", outside: "foreign_worker" },
    });
    const code = await testBundle(new URL("jobs/german-hidden.ts", import.meta.url));
    const fields = FIELDS.map(([, field]) => field);
    const { report } = await walkRealTable(
      { domain: "bank-register", resource: "german", title: "German credit", fields, rows },
      [{ spec, product: "german-hidden", code, ask }],
      { refusals: false },
    );
    expect(report).toMatchObject({ ok: true, calls: [{ kind: "score", correct: true, count: 1_000 }] });
    expect(report.receipts).toEqual({ issued: 3, verified: 3 });
    const [largest = Infinity, encrypted = 0, clear = 0] = figures;
    // Weights of 8 bits, and noise of 0.01 to 0.02.
    expect(largest).toBeLessThan(0.15);
    expect(Math.abs(encrypted - clear)).toBeLessThan(0.002);
    expect(clear).toBeGreaterThan(0.75);
  },
);
