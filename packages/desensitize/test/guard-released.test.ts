/** Metrics and models of samples that a few persons tell apart: refused when they have one shape. The oracle holds the persons
 *  and their values as they are.
 *  @module */
import { createHash } from "node:crypto";
import type { DomainFacts, JobManifest, JobOutput, OutputSpec, Verdict } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkOutput, SET_WORDS } from "../src/index.ts";

interface Row {
  readonly who: number;
  readonly age: number | null;
  readonly region: string;
}

const METRICS: Record<string, OutputSpec> = { m: { kind: "metrics", keys: ["mean", "rows"] } };
const MODEL: Record<string, OutputSpec> = { w: { kind: "linear-model", maxParameters: 3 } };

/** The guard's verdict on what a job made of `rows`; not held against anything without `shown`. */
function judge(
  rows: readonly Row[],
  outputs: Record<string, OutputSpec> = METRICS,
  { shown, features = ["age"] }: { shown?: Uint32Array; features?: readonly string[] } = {},
): Verdict {
  const numbers = new Map<number, number>();
  for (const { who } of rows) if (!numbers.has(who)) numbers.set(who, numbers.size);
  const tags = new Uint32Array(2 * rows.length);
  for (const [who, number] of numbers) {
    const digest = createHash("sha256").update(`secret ${who}`).digest();
    tags.set([digest.readUInt32LE(0), digest.readUInt32LE(4)], 2 * number);
  }
  // As each sample has it: levels in the order of their first row.
  const dictionary = [...new Set(rows.map(({ region }) => region))];
  const validity = new Uint8Array(Math.ceil(rows.length / 8)).fill(0);
  for (const [i, { age }] of rows.entries())
    if (age !== null) validity[i >> 3] = (validity[i >> 3] ?? 0) | (1 << (i & 7));
  const facts: DomainFacts = {
    rowCount: rows.length,
    environment: "development",
    subjects: Uint32Array.from(rows, ({ who }) => numbers.get(who) ?? 0),
    tags,
    ...(shown === undefined ? {} : { shown }),
    table: {
      rowCount: rows.length,
      columns: {
        age: { type: "f64", values: Float64Array.from(rows, ({ age }) => age ?? 0), validity },
        region: {
          type: "dict",
          values: Uint32Array.from(rows, ({ region }) => dictionary.indexOf(region)),
          dictionary,
        },
      },
    },
  };
  const input = { age: "f64", region: "dict" } as const;
  const manifest: JobManifest = { name: "j", purpose: "p", input, outputs };
  const values: Extract<JobOutput, { class: "released" }>["values"] = {};
  for (const [name, spec] of Object.entries(outputs)) {
    if (spec.kind === "metrics")
      values[name] = { kind: "metrics", values: Object.fromEntries(spec.keys.map((key) => [key, 0.5])) };
    else
      values[name] = { kind: "linear-model", features: [...features], weights: features.map(() => 0.5), intercept: 0 };
  }
  return checkOutput({ class: "released", values }, manifest, facts);
}

const shownOf = (verdict: Verdict): Uint32Array =>
  verdict.ok ? (verdict.shown ?? new Uint32Array(0)) : new Uint32Array(0);
const refusedBy = ({ findings }: Verdict): string[] =>
  findings.filter(({ result }) => result === "refused").map(({ rule }) => rule);
const people = (from: number, count: number): Row[] =>
  Array.from({ length: count }, (_, i) => ({ who: from + i, age: (from + i) % 90, region: `r${(from + i) % 3}` }));
const before = shownOf(judge(people(0, 200)));

test("metrics-differencing: samples that one to nine persons tell apart do not give the same metrics; ten and none do", () => {
  const now = (rows: readonly Row[]): string[] => refusedBy(judge(rows, METRICS, { shown: before }));
  expect(before).toHaveLength(SET_WORDS);
  for (const few of [1, 5, 9]) {
    expect(now(people(0, 200 + few)), `${few} more`).toEqual(["metrics-differencing"]);
    expect(now(people(few, 200 - few)), `${few} fewer`).toEqual(["metrics-differencing"]);
  }
  // Ten may fall into nine buckets, so that a few more are told from.
  expect(now(people(0, 214))).toEqual([]);
  expect(now(people(0, 200).toReversed())).toEqual([]);
  // The same persons, of whom few have another number, another word, or a value at all.
  const changed = (change: Partial<Row>, count: number): Row[] =>
    people(0, 200).map((row) => (row.who < count ? { ...row, ...change } : row));
  for (const change of [{ age: 91.5 }, { region: "r9" }, { age: null }]) {
    expect(now(changed(change, 3)), JSON.stringify(change)).toEqual(["metrics-differencing"]);
    expect(now(changed(change, 40)), JSON.stringify(change)).toEqual([]);
  }
  // No value is not 0.
  expect(now(changed({ age: null }, 1))).toEqual(["metrics-differencing"]);
  // Another row of somebody.
  expect(now([...people(0, 200), ...people(7, 1)])).toEqual(["metrics-differencing"]);
});

test("model-differencing: a feature of no weight, other features and another key are the same model and metrics", () => {
  const both = { ...METRICS, ...MODEL };
  const shown = shownOf(judge(people(0, 200), both, { features: ["age", "region=r1"] }));
  expect(shown).toHaveLength(2 * SET_WORDS);
  const now = (outputs: Record<string, OutputSpec>, features: readonly string[], rows = people(0, 203)): string[] =>
    refusedBy(judge(rows, outputs, { shown, features }));
  expect(now(MODEL, ["region=r1", "age"])).toEqual(["model-differencing"]);
  expect(now(MODEL, ["age"])).toEqual(["model-differencing"]);
  expect(now(both, ["age"])).toEqual(["metrics-differencing", "model-differencing"]);
  expect(now({ m: { kind: "metrics", keys: ["rows", "mean"] } }, [])).toEqual(["metrics-differencing"]);
  expect(now({ m: { kind: "metrics", keys: ["renamed"] } }, [])).toEqual(["metrics-differencing"]);
  // A model is not held against metrics, and the same sample against itself tells nothing.
  const metrics = shownOf(judge(people(0, 200)));
  expect(refusedBy(judge(people(0, 203), MODEL, { shown: metrics }))).toEqual([]);
  expect(now(both, ["age"], people(0, 200))).toEqual([]);
});

test("without what was told before nothing is compared, and what is kept is the same", () => {
  const free = judge(people(0, 203));
  expect(free.findings.map(({ rule }) => rule)).not.toContain("metrics-differencing");
  const compared = judge(people(0, 203), METRICS, { shown: new Uint32Array(0) });
  expect(compared.findings.find(({ rule }) => rule === "metrics-differencing")?.result).toBe("passed");
  expect(shownOf(free)).toEqual(shownOf(compared));
});

test("over any two samples the verdict is that of plain sets, but for ten to a few more persons", () => {
  const sample = fc.record({
    gone: fc.uniqueArray(fc.nat(119), { maxLength: 12 }),
    more: fc.nat(12),
    older: fc.uniqueArray(fc.nat(119), { maxLength: 12 }),
  });
  const rowsOf = ({ gone, more, older }: { gone: number[]; more: number; older: number[] }): Row[] =>
    [...people(0, 120), ...people(500, more)]
      .filter(({ who }) => !gone.includes(who))
      .map((row) => (older.includes(row.who) ? { ...row, age: (row.age ?? 0) + 100 } : row));
  let refusals = 0;
  fc.assert(
    fc.property(sample, sample, (one, other) => {
      const [a, b] = [rowsOf(one), rowsOf(other)].map((rows) => new Map(rows.map((row) => [row.who, row.age])));
      if (a === undefined || b === undefined) return;
      const all = [...new Set([...a.keys(), ...b.keys()])];
      const persons = all.filter((who) => a.has(who) !== b.has(who)).length;
      const apart = persons > 0 ? persons : all.filter((who) => a.get(who) !== b.get(who)).length;
      const refused = refusedBy(judge(rowsOf(other), METRICS, { shown: shownOf(judge(rowsOf(one))) })).length > 0;
      if (refused) refusals++;
      if (apart > 0 && apart < 10) expect(refused, `${apart}`).toBe(true);
      if (apart === 0 || apart > 14) expect(refused, `${apart}`).toBe(false);
    }),
    { numRuns: 200 },
  );
  expect(refusals).toBeGreaterThan(30);
});
