/** Persons for tests of released models: features, a target that follows from them but for chance, and something to hide.
 *  @module */
import type { ColumnBatch, DomainFacts, JobManifest, ModelSpec, ReleasedModel, Verdict } from "@sluice/protocol";
import { checkOutput } from "../src/index.ts";

const REGIONS = ["north", "south", "east", "west", "centre"];

/** Mulberry32: a small generator, for the same persons each time. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `rows` persons. `late` follows from age and income; `ill` from age. */
export function people(rows: number, seed: number): ColumnBatch {
  const random = numbers(seed);
  const age = new Float64Array(rows);
  const income = new Float64Array(rows);
  const region = new Uint32Array(rows);
  const late = new Uint8Array(rows);
  const ill = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    age[i] = 20 + Math.floor(60 * random());
    income[i] = Math.round(100_000 * (20 + 80 * random())) / 100;
    region[i] = Math.floor(5 * random());
    late[i] =
      random() < 1 / (1 + Math.exp(0.05 * ((age[i] ?? 0) - 45) + 0.00002 * ((income[i] ?? 0) - 60_000))) ? 1 : 0;
    ill[i] = random() < (age[i] ?? 0) / 200 ? 1 : 0;
  }
  return {
    rowCount: rows,
    columns: {
      age: { type: "f64", values: age },
      income: { type: "f64", values: income },
      region: { type: "dict", values: region, dictionary: REGIONS },
      late: { type: "bool", values: late },
      ill: { type: "bool", values: ill },
    },
  };
}

/** The manifest of a job that releases one model. */
export function releasing(spec: ModelSpec): JobManifest {
  return {
    name: "late-payers",
    purpose: "credit",
    input: { age: "f64", income: "f64", region: "dict", late: "bool", ill: "bool" },
    outputs: { model: spec },
  };
}

/** What the guard knows of a run on `table`. */
export function factsOf(table: ColumnBatch, more: Partial<DomainFacts> = {}): DomainFacts {
  return {
    rowCount: table.rowCount,
    environment: "development",
    levels: { region: REGIONS },
    table,
    sensitive: ["ill"],
    ...more,
  };
}

/** The guard on one released model. */
export function judge(model: ReleasedModel, spec: ModelSpec, facts: DomainFacts): Verdict {
  return checkOutput({ class: "released", values: { model } }, releasing(spec), facts);
}

/** What one rule said; null when it said nothing. */
export function said(verdict: Verdict, rule: string): string | null {
  return verdict.findings.find((finding) => finding.rule === rule)?.result ?? null;
}

/** Rules that refuse. */
export function refused({ findings }: Verdict): string[] {
  return findings.filter(({ result }) => result === "refused").map(({ rule }) => rule);
}

/** Logistic regression by gradient descent over two standardised columns and an intercept, in columns' own units. */
export function fitLate(table: ColumnBatch, steps = 300): { weights: [number, number]; intercept: number } {
  const columns = ["age", "income"].map((name) => Float64Array.from(table.columns[name]?.values ?? []));
  const late = table.columns["late"]?.values ?? [];
  const n = table.rowCount;
  const means = columns.map((values) => values.reduce((sum, value) => sum + value, 0) / n);
  const scales = columns.map((values, j) =>
    Math.sqrt(values.reduce((sum, value) => sum + (value - (means[j] ?? 0)) ** 2, 0) / n),
  );
  const rows = columns.map((values, j) => values.map((value) => (value - (means[j] ?? 0)) / (scales[j] ?? 1)));
  const w = [0, 0, 0];
  for (let step = 0; step < steps; step++) {
    const gradient = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const x = [rows[0]?.[i] ?? 0, rows[1]?.[i] ?? 0, 1];
      const p = 1 / (1 + Math.exp(-x.reduce((sum, value, j) => sum + value * (w[j] ?? 0), 0)));
      for (const [j, value] of x.entries()) gradient[j] = (gradient[j] ?? 0) + (p - (late[i] ?? 0)) * value;
    }
    for (const [j, slope] of gradient.entries()) w[j] = (w[j] ?? 0) - (2 * slope) / n;
  }
  const weights: [number, number] = [(w[0] ?? 0) / (scales[0] ?? 1), (w[1] ?? 0) / (scales[1] ?? 1)];
  const intercept = (w[2] ?? 0) - weights[0] * (means[0] ?? 0) - weights[1] * (means[1] ?? 0);
  return { weights, intercept };
}
