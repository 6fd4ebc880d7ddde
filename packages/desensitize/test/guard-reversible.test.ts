/** The battery against reversible outputs: leaks that somebody planted are blocked, and honest outputs of the same rows
 *  are not.
 *  @module */
import type { Column, ColumnBatch, DomainFacts, JobManifest, JobOutput, LinearModel, Verdict } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { channelBits, checkOutput } from "../src/index.ts";

const ROWS = 2_000;
/** Numbers without order or end, the same in each run. */
const scattered = (row: number, salt: number): number => {
  const word = Math.imul(row + 1, 0x9e3779b1 + 2 * salt) ^ Math.imul(row + salt, 0x85ebca6b);
  return ((word ^ (word >>> 15)) >>> 0) / 2 ** 32;
};
const numbers = (of: (row: number) => number): Column => ({
  type: "f64",
  values: Float64Array.from({ length: ROWS }, (_, row) => of(row)),
});
const words = (dictionary: string[], of: (row: number) => number): Column => ({
  type: "dict",
  dictionary,
  values: Uint32Array.from({ length: ROWS }, (_, row) => of(row)),
});
const flags = (of: (row: number) => boolean): Column => ({
  type: "bool",
  values: Uint8Array.from({ length: ROWS }, (_, row) => Number(of(row))),
});

const ageOf = (row: number): number => 20 + Math.floor(scattered(row, 1) * 60);
const wageOf = (row: number): number => 3_000 + Math.floor(scattered(row, 2) * 20_000);
const regionOf = (row: number): number => Math.floor(scattered(row, 3) * 5);
const priceOf = (row: number): number => Math.round(scattered(row, 4) * 1e6) / 100;
const table: ColumnBatch = {
  rowCount: ROWS,
  columns: {
    age: numbers(ageOf),
    wage: numbers(wageOf),
    price: numbers(priceOf),
    region: words(["N", "E", "S", "W", "C"], regionOf),
    insured: flags((row) => scattered(row, 5) < 0.4),
    arrears: flags((row) => scattered(row, 6) < 0.3),
    rare: flags((row) => row < 9),
  },
};
const insuredOf = (row: number): number => table.columns["insured"]?.values[row] ?? 0;
const arrearsOf = (row: number): number => table.columns["arrears"]?.values[row] ?? 0;

const facts: DomainFacts = { rowCount: ROWS, environment: "production", table };
const manifest: JobManifest = {
  name: "leaks",
  purpose: "leaks",
  input: { age: "f64", wage: "f64", price: "f64", region: "dict", insured: "bool", arrears: "bool", rare: "bool" },
  outputs: {
    model: { kind: "linear-model", maxParameters: 8 },
    word: { kind: "labels", vocabulary: Array.from({ length: 64 }, (_, i) => `l${i}`) },
  },
};

const refused = ({ findings }: Verdict): string[] =>
  findings.filter(({ result }) => result === "refused").map(({ rule }) => rule);
const labelled = (of: (row: number) => number, own: DomainFacts = facts): string[] =>
  refused(checkOutput(labelsOf(of, own.rowCount), manifest, own));
const labelsOf = (of: (row: number) => number, rows = ROWS): JobOutput => ({
  class: "served",
  values: { word: { kind: "labels", codes: Uint8Array.from({ length: rows }, (_, row) => of(row)) } },
});
const setOf = (of: (row: number) => boolean, own: DomainFacts = facts): string[] => {
  const members = Uint8Array.from({ length: own.rowCount }, (_, row) => Number(of(row)));
  const declared: JobManifest = { ...manifest, outputs: { word: { kind: "set", match: "psi-ids" } } };
  return refused(checkOutput({ class: "served", values: { word: { kind: "set", members } } }, declared, own));
};

/** Rows of which every fourth is like another in all columns. */
const alike: DomainFacts = {
  ...facts,
  table: { rowCount: ROWS, columns: { age: numbers(ageOf), region: words(["N", "E", "S", "W", "C"], regionOf) } },
};

test("honest labels pass: bands, scores, votes over several columns, a yes or no", () => {
  const score = (row: number): number => ageOf(row) / 80 + wageOf(row) / 23_000 + insuredOf(row);
  for (const honest of [
    (row: number) => (ageOf(row) >= 50 ? 1 : 0),
    (row: number) => Math.floor((ageOf(row) - 20) / 10),
    (row: number) => Math.floor(score(row) * 2),
    (row: number) => 2 * insuredOf(row) + Number(wageOf(row) > 9_000 && ageOf(row) < 40),
    insuredOf,
    (row: number) => Math.floor(wageOf(row) / 5_000),
    () => 3,
  ]) {
    expect(labelled(honest)).toEqual([]);
  }
  expect(labelled((row) => (ageOf(row) >= 50 ? 1 : 0), alike)).toEqual([]);
});

test("labels-copy: refuses a column of three or more values served as it is, renamed, or nearly so", () => {
  expect(labelled(regionOf)).toEqual(["labels-copy"]);
  expect(labelled((row) => 63 - regionOf(row))).toEqual(["labels-copy"]);
  expect(labelled((row) => (scattered(row, 9) < 0.05 ? 7 : regionOf(row)))).toEqual(["labels-copy"]);
  // With a flag beside it in the same label, and of an age year by year.
  expect(labelled((row) => 5 * insuredOf(row) + regionOf(row))).toEqual(["labels-copy"]);
  expect(labelled((row) => ageOf(row) - 20)).toEqual(["labels-copy"]);
  // Regions told apart for half of the rows only.
  expect(labelled((row) => (scattered(row, 9) < 0.5 ? 7 : regionOf(row)))).toEqual([]);
  expect(labelled((row) => Number(regionOf(row) < 2))).toEqual([]);
});

test("labels-copy: refuses two flags in one label, and neither of them alone", () => {
  expect(labelled((row) => 2 * insuredOf(row) + arrearsOf(row))).toEqual(["labels-copy"]);
  expect(labelled(arrearsOf)).toEqual([]);
});

test("labels-copy: a missing value is no value that is given back", () => {
  const validity = Uint8Array.from({ length: ROWS / 8 }, () => 0b1111_1110);
  const insured: Column = { ...flags((row) => insuredOf(row) === 1), validity };
  const own = { ...facts, table: { rowCount: ROWS, columns: { insured, age: numbers(ageOf), wage: numbers(wageOf) } } };
  expect(labelled((row) => (row % 8 === 0 ? 2 : insuredOf(row)), own)).toEqual([]);
});

test("labels-digits: refuses the low digits or bits of a number", () => {
  for (const leak of [
    (row: number) => wageOf(row) % 64,
    (row: number) => wageOf(row) % 2,
    (row: number) => wageOf(row) % 10,
    (row: number) => Math.round(priceOf(row) * 100) % 10,
    (row: number) => (new Uint32Array(Float64Array.of(priceOf(row)).buffer)[0] ?? 0) % 64,
    (row: number) => 63 - ((wageOf(row) + 1) % 64),
  ]) {
    expect(labelled(leak)).toEqual(["labels-digits"]);
  }
});

test("labels-digits: what chance shows in few rows is no leak", () => {
  const few = numbers(wageOf).values.slice(0, 90) as Float64Array<ArrayBuffer>;
  const own = {
    ...facts,
    rowCount: 90,
    table: { rowCount: 90, columns: { wage: { type: "f64" as const, values: few } } },
  };
  expect(labelled((row) => Math.floor(scattered(row, 11) * 64), own)).toEqual(["labels-cell"]);
});

test("labels-order: refuses labels that follow the place of a row, or chance", () => {
  expect(labelled((row) => row % 64, alike)).toEqual(["labels-order"]);
  expect(labelled((row) => Math.floor(row / 200), alike)).toEqual(["labels-order"]);
  expect(labelled((row) => Math.floor(scattered(row, 8) * 4), alike)).toEqual(["labels-order"]);
  // A few ties at a bound are let through.
  expect(labelled((row) => (ageOf(row) >= 50 || row % 30 === 0 ? 1 : 0), alike)).toEqual([]);
});

test("set-digits: refuses a set of odd numbers, and not one of large ones", () => {
  expect(setOf((row) => wageOf(row) % 2 === 1)).toEqual(["set-digits"]);
  expect(setOf((row) => wageOf(row) > 9_000)).toEqual([]);
  expect(setOf((row) => insuredOf(row) === 1)).toEqual([]);
});

test("set-order: refuses every other row", () => {
  expect(setOf((row) => row % 2 === 1, alike)).toEqual(["set-order"]);
  expect(setOf((row) => ageOf(row) > 40, alike)).toEqual([]);
});

test("table-order: refuses groups or measures that do not follow from the row", () => {
  const declared: JobManifest = {
    ...manifest,
    outputs: {
      word: { kind: "table", dimensions: [{ name: "half", levels: ["one", "two"] }], measures: ["mean"] },
    },
  };
  const judged = (half: (row: number) => number, mean: (row: number) => number): string[] => {
    const dimensions = { half: Uint8Array.from({ length: ROWS }, (_, row) => half(row)) };
    const measures = { mean: Float64Array.from({ length: ROWS }, (_, row) => mean(row)) };
    const values = { word: { kind: "table-rows" as const, dimensions, measures } };
    return refused(checkOutput({ class: "served", values }, declared, alike));
  };
  const half = (row: number): number => (ageOf(row) < 50 ? 0 : 1);
  expect(judged(half, ageOf)).toEqual([]);
  expect(judged(half, (row) => (ageOf(row) > 70 ? Number.NaN : ageOf(row)))).toEqual([]);
  expect(judged((row) => row % 2, ageOf)).toEqual(["table-order"]);
  expect(judged(half, (row) => row)).toEqual(["table-order"]);
});

test("model-support: refuses a feature in which fewer than 10 persons differ", () => {
  const judged = (features: string[], own: Partial<DomainFacts> = {}): string[] => {
    const model: LinearModel = { kind: "linear-model", features, weights: features.map(() => 1), intercept: 0 };
    const declared: JobManifest = { ...manifest, outputs: { model: { kind: "linear-model", maxParameters: 8 } } };
    const output: JobOutput = { class: "released", values: { model } };
    return refused(checkOutput(output, declared, { ...facts, environment: "development", ...own }));
  };
  expect(judged(["age", "insured", "wage", "region=N"])).toEqual([]);
  expect(judged(["age", "rare"])).toEqual(["model-support"]);
  // The rows of few persons: twenty have the feature, of nine persons.
  const rare = flags((row) => row < 20);
  const subjects = Uint32Array.from({ length: ROWS }, (_, row) => (row < 20 ? row % 9 : row));
  const own = { table: { rowCount: ROWS, columns: { ...table.columns, rare } } };
  expect(judged(["rare"], own)).toEqual([]);
  expect(judged(["rare"], { ...own, subjects })).toEqual(["model-support"]);
  // Nearly everybody is of one region.
  const region = words(["N", "E"], (row) => Number(row < 9));
  expect(judged(["region=N"], { table: { rowCount: ROWS, columns: { region } } })).toEqual(["model-support"]);
});

test("without the rows the battery does not run, and no finding says that it did", () => {
  const { findings } = checkOutput(labelsOf(regionOf), manifest, { rowCount: ROWS, environment: "production" });
  expect(findings.map(({ rule }) => rule)).not.toContain("labels-copy");
  expect(findings.every(({ result }) => result === "passed")).toBe(true);
});

test("the same rows and output get the same findings", () => {
  const verdicts = [1, 2].map(() => JSON.stringify(checkOutput(labelsOf(regionOf), manifest, facts)));
  expect(verdicts[0]).toBe(verdicts[1]);
});

test("a covert channel is bounded by what the manifest declares", () => {
  expect(channelBits(manifest)).toEqual([
    // 4 digits, 21 decades, two signs, zero; seven names of 4,096.
    { output: "model", per: "output", bits: Math.ceil((8 * Math.log2(2 * 9_000 * 21 + 1) + 7 * 12) * 10) / 10 },
    { output: "word", per: "row", bits: 6 },
  ]);
  const outputs: JobManifest["outputs"] = {
    fit: { kind: "metrics", keys: ["a", "b"] },
    set: { kind: "set", match: "psi-ids" },
    points: { kind: "score", featureBound: 8, link: "identity" },
    ages: { kind: "table", dimensions: [{ name: "x", levels: ["a", "b"] }], measures: ["m"] },
  };
  expect(channelBits({ outputs }).map(({ output, per }) => [output, per])).toEqual([
    ["fit", "output"],
    ["set", "row"],
    ["ages", "output"],
  ]);
});

test("hostile outputs are judged, never thrown on", () => {
  const odd = fc.oneof(fc.constantFrom(0, 1, 63, 64, 254, 255), fc.nat(255));
  const column = fc.oneof(
    fc
      .array(fc.double(), { minLength: 40, maxLength: 40 })
      .map((values): Column => ({ type: "f64", values: Float64Array.from(values) })),
    fc.array(fc.nat(3), { minLength: 40, maxLength: 40 }).map((values): Column => ({
      type: "dict",
      values: Uint32Array.from(values),
      dictionary: ["a", "b", "c", "c"],
      validity: Uint8Array.of(1, 2, 3, 4, 255),
    })),
  );
  fc.assert(
    fc.property(
      fc.array(odd, { maxLength: 60 }),
      fc.dictionary(fc.constantFrom("age", "region", "wage"), column),
      fc.array(fc.double(), { maxLength: 45 }),
      (codes, columns, measure) => {
        const own: DomainFacts = {
          rowCount: 40,
          environment: "production",
          table: { rowCount: 40, columns },
          sensitive: ["age", "gone"],
        };
        const bytes = Uint8Array.from(codes);
        const kinds: [JobManifest["outputs"][string], Extract<JobOutput, { class: "served" }>["values"][string]][] = [
          [
            { kind: "labels", vocabulary: ["a", "b"] },
            { kind: "labels", codes: bytes },
          ],
          [
            { kind: "set", match: "psi-ids" },
            { kind: "set", members: bytes },
          ],
          [
            { kind: "table", dimensions: [{ name: "x", levels: ["a", "b"] }], measures: ["m"] },
            { kind: "table-rows", dimensions: { x: bytes }, measures: { m: Float64Array.from(measure) } },
          ],
        ];
        for (const [spec, value] of kinds) {
          const verdict = checkOutput(
            { class: "served", values: { word: value } },
            { ...manifest, outputs: { word: spec } },
            own,
          );
          expect(typeof verdict.ok).toBe("boolean");
        }
      },
    ),
    { numRuns: 150 },
  );
});
