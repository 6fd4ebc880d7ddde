import { isValid, RiskReport, type Column, type ColumnBatch } from "@sluice/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  assessRisk,
  classesOf,
  correlationOf,
  countValues,
  largestK,
  personsOf,
  summaryOf,
  totalVariation,
  type Population,
  type RiskFacts,
} from "../src/index.ts";
import { minimalUniques } from "../src/risk/minimal-uniques.ts";
import { journalistRisk, marketerRisk, prosecutorRisk } from "../src/risk/reidentification.ts";
import { uniqueness } from "../src/risk/uniqueness.ts";
import { policyOf } from "./fixtures.ts";

type Cell = string | null;

/** A batch of text columns named a, b, c… */
function texts(rows: readonly (readonly Cell[])[], width: number): ColumnBatch {
  const columns: Record<string, Column> = {};
  for (let i = 0; i < width; i++) {
    const dictionary = [...new Set(rows.map((row) => row[i] ?? ""))];
    const validity = new Uint8Array(Math.ceil(rows.length / 8));
    for (const [row, cells] of rows.entries()) {
      if (cells[i] !== null) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
    }
    const values = Uint32Array.from(rows, (row) => dictionary.indexOf(row[i] ?? ""));
    columns[String.fromCharCode(97 + i)] = { type: "dict", dictionary, values, validity };
  }
  return { rowCount: rows.length, columns };
}

const cell = fc.constantFrom<Cell>("x", "y", "z", null, "");
const rowsOf = (width: number, minLength = 1) =>
  fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength, maxLength: 60 });
const keyOf = (row: readonly Cell[]): string => JSON.stringify(row);

describe("classes", () => {
  test("are those of grouping rows as text, persons counted once, and rows of another batch find theirs", () => {
    fc.assert(
      fc.property(rowsOf(3), rowsOf(3), (rows, others) => {
        const subjects = rows.map((_, i) => i % 7);
        const classes = classesOf(texts(rows, 3), ["a", "b", "c"]);
        const groups = Map.groupBy(rows.keys(), (i) => keyOf(rows[i] ?? []));
        expect(classes.count).toBe(groups.size);
        const first = new Map<string, number>();
        for (const [i, row] of rows.entries()) {
          const seen = first.get(keyOf(row)) ?? classes.ofRow[i];
          first.set(keyOf(row), seen ?? -2);
          expect(classes.ofRow[i]).toBe(seen);
        }
        const persons = personsOf(classes, subjects);
        for (const [key, members] of groups) {
          expect(persons[first.get(key) ?? -1]).toBe(new Set(members.map((i) => i % 7)).size);
        }
        expect(Array.from(classes.find(texts(others, 3)))).toEqual(others.map((row) => first.get(keyOf(row)) ?? -1));
      }),
    );
  });

  test("the largest k is that of trying every k", () => {
    fc.assert(
      fc.property(rowsOf(2), fc.double({ min: 0, max: 0.6, noNaN: true }), (rows, limit) => {
        const sizes = [...Map.groupBy(rows, keyOf).values()].map((members) => members.length);
        const lost = (k: number): number => sizes.filter((n) => n < k).reduce((sum, n) => sum + n, 0);
        const best = Math.max(...sizes.filter((k) => lost(k) <= limit * rows.length));
        expect(largestK(classesOf(texts(rows, 2), ["a", "b"]), undefined, limit)).toBe(best);
      }),
    );
    const ten = Array.from({ length: 10 }, (_, i): Cell[] => [i < 2 ? "x" : "y"]);
    const limits = [0, 0.1, 0.2, 0.3].map((limit) => largestK(classesOf(texts(ten, 1), ["a"]), undefined, limit));
    expect(limits).toEqual([2, 2, 8, 8]);
  });
});

describe("attackers", () => {
  test("figures are those of a sum over persons", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 50 })), { minLength: 1 }),
        (pairs) => {
          const f = pairs.map(([n]) => n);
          const F = pairs.map(([n, more]) => n + more);
          const people = pairs.flatMap(([n, more]) => Array.from({ length: n }, () => ({ f: n, F: n + more })));
          const mean = (of: (person: { f: number; F: number }) => number): number =>
            people.reduce((sum, person) => sum + of(person), 0) / people.length;
          const prosecutor = prosecutorRisk(f, 5);
          expect(prosecutor.atRisk).toBeCloseTo(
            mean((p) => Number(1 / p.f > 1 / 5)),
            9,
          );
          expect(prosecutor.highest).toBe(1 / Math.min(...f));
          expect(prosecutor.average).toBeCloseTo(
            mean((p) => 1 / p.f),
            9,
          );
          const journalist = journalistRisk(f, F, 5);
          expect(journalist.atRisk).toBeCloseTo(
            mean((p) => Number(1 / p.F > 1 / 5)),
            9,
          );
          expect(journalist.highest).toBe(1 / Math.min(...F));
          const all = F.reduce((sum, n) => sum + n, 0);
          expect(journalist.average).toBeCloseTo(
            Math.max(
              f.length / all,
              mean((p) => 1 / p.F),
            ),
            9,
          );
          expect(marketerRisk(f, F)).toBeCloseTo(
            mean((p) => 1 / p.F),
            9,
          );
          expect(journalist.highest).toBeLessThanOrEqual(prosecutor.highest);
        },
      ),
    );
  });

  test("who is alone in the sample is not alone in the table for that", () => {
    expect(uniqueness([1, 1, 3], [1, 8, 9])).toEqual({ sample: 2 / 5, population: 1 / 5 });
    expect(uniqueness([], [])).toEqual({ sample: 0, population: 0 });
  });
});

describe("minimal sample uniques", () => {
  test("are those of trying every set of columns on every row", () => {
    fc.assert(
      fc.property(rowsOf(4), (rows) => {
        const sets = Array.from({ length: 15 }, (_, i) => [0, 1, 2, 3].filter((column) => ((i + 1) >> column) & 1));
        const small = sets.filter((set) => set.length <= 3);
        const alone = (row: readonly Cell[], set: readonly number[]): boolean =>
          rows.filter((other) => set.every((column) => other[column] === row[column])).length === 1;
        const minimal = rows.map((row) => {
          const unique = small.filter((set) => alone(row, set));
          const within = (a: readonly number[], b: readonly number[]): boolean =>
            a.length < b.length && a.every((column) => b.includes(column));
          return unique.filter((set) => !unique.some((part) => within(part, set)));
        });
        const found = minimalUniques(texts(rows, 4), ["a", "b", "c", "d"]);
        const sized = (n: number): number => minimal.flat().filter((set) => set.length === n).length;
        expect(found.bySize).toEqual([1, 2, 3].map(sized));
        expect(found.rows).toBe(minimal.filter((own) => own.length > 0).length / rows.length);
        expect(found.byColumn).toEqual(
          [0, 1, 2, 3].map(
            (column) => minimal.filter((own) => own.some((set) => set.includes(column))).length / rows.length,
          ),
        );
      }),
    );
  });

  test("stop at smaller sets before the work passes its limit, and say so", () => {
    const rowCount = 50_000;
    const names = Array.from({ length: 30 }, (_, i) => `c${i}`);
    const same: Column = { type: "i32", values: new Int32Array(rowCount) };
    const batch = { rowCount, columns: Object.fromEntries(names.map((name) => [name, same])) };
    expect(minimalUniques(batch, names)).toMatchObject({ maxColumns: 1, bySize: [0], rows: 0 });
  });
});

describe("utility", () => {
  const column = (values: readonly number[]): Column => ({ type: "f64", values: Float64Array.from(values) });

  test("distance is 0 of a column to itself, 1 of two without a common value, and half of what moved", () => {
    const ours = countValues(column([1, 1, 2, 3]), 4);
    expect(totalVariation(ours, ours)).toBe(0);
    expect(totalVariation(ours, new Map([[9, 5]]))).toBe(1);
    expect(
      totalVariation(
        ours,
        new Map([
          [1, 10],
          [2, 20],
          [3, 10],
        ]),
      ),
    ).toBeCloseTo(0.25, 12);
    expect(totalVariation(ours, new Map())).toBeNull();
    const bins = { least: 0, width: 1 };
    expect([...countValues(column([-3, 0.5, 0.9, 7.1, 1e9]), 5, bins)]).toEqual([
      [0, 3],
      [7, 1],
      [49, 1],
    ]);
  });

  test("mean, quantiles and correlation are those of the textbook", () => {
    const numbers = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 3, maxLength: 40 });
    fc.assert(
      fc.property(numbers, numbers, (xs, ys) => {
        const n = Math.min(xs.length, ys.length);
        const [a, b] = [xs.slice(0, n), ys.slice(0, n)];
        const mean = (of: readonly number[]): number => of.reduce((sum, x) => sum + x, 0) / of.length;
        const [ma, mb] = [mean(a), mean(b)];
        const covariance = mean(a.map((x, i) => (x - ma) * ((b[i] ?? 0) - mb)));
        const deviation = (of: readonly number[], m: number): number => Math.sqrt(mean(of.map((x) => (x - m) ** 2)));
        const scale = deviation(a, ma) * deviation(b, mb);
        const rho = correlationOf(column(a), column(b), n);
        if (scale === 0) expect(rho).toBeNull();
        else expect(rho).toBeCloseTo(covariance / scale, 9);
        expect(summaryOf(column(a), n)?.mean).toBeCloseTo(ma, 9);
        const sorted = a.toSorted((x, y) => x - y);
        expect(summaryOf(column(a), n)?.quantiles[2]).toBeCloseTo(
          n % 2 === 1 ? (sorted[(n - 1) / 2] ?? 0) : ((sorted[n / 2 - 1] ?? 0) + (sorted[n / 2] ?? 0)) / 2,
          9,
        );
      }),
    );
    expect(isValid(column([1]), 0)).toBe(true);
    expect(summaryOf({ ...column([1]), validity: new Uint8Array(1) }, 1)).toBeNull();
  });
});

const zeros = "0".repeat(64);
const rule = { role: "quasi", transform: { kind: "keep" } } as const;

/** Twelve persons in two classes, of a table of forty. */
function facts(change: Partial<RiskFacts> = {}): RiskFacts {
  const rows = Array.from({ length: 12 }, (_, i): Cell[] => [i < 5 ? "x" : "y", i % 2 === 0 ? "p" : "q"]);
  const population: Population = {
    tuples: texts([["x"], ["y"], ["z"]], 1),
    persons: Int32Array.of(10, 20, 10),
    total: 40,
  };
  return {
    policy: policyOf(
      { a: rule, b: { role: "sensitive", transform: { kind: "keep" } } },
      { k: 5, gate: { context: { control: "high", motive: "low", acquaintances: 0 } } },
    ),
    policyHash: zeros,
    sourceSnapshot: zeros,
    versions: { desensitize: "0", engine: "0" },
    salt: zeros,
    source: { rows: 40, persons: 40 },
    drawn: { rows: 13, persons: 13, alone: 1, bestK: 5 },
    batch: texts(rows, 2),
    quasi: ["a"],
    shown: ["a", "b"],
    population,
    residual: [],
    transformFailures: [],
    ...change,
  };
}

describe("the report", () => {
  test("has the figures of its formulas, and fits its schema", () => {
    const report = assessRisk(facts());
    expect(RiskReport.parse(report)).toEqual(report);
    const mean = (1 / 5 + 1 / 7) / 2;
    expect(report.classRisk).toEqual({
      minPersons: 5,
      overThreshold: 0,
      highest: 0.2,
      mean: Number(mean.toPrecision(6)),
    });
    expect(report.contextRisk).toMatchObject({ value: 0.14, prevalence: 0.3, stated: true });
    expect(report).toMatchObject({
      level: 3,
      verdict: "passed",
      k: 5,
      bestK: 5,
      overallRisk: Number((mean * 0.14).toPrecision(6)),
    });
    expect(report.attackers.journalist?.highest).toBe(0.1);
    expect(report.attackers.marketer).toBeCloseTo((5 / 10 + 7 / 20) / 12, 6);
    expect(report.uniqueness).toEqual({ sample: 0, population: 0, drawn: Number((1 / 13).toPrecision(6)) });
    expect(report.utility).toMatchObject({ discernibility: 25 + 49 + 13, averageClass: 1.2 });
    expect(report.classSizes).toEqual([{ from: 5, to: 9, classes: 2, persons: 12 }]);
  });

  test("classes that a model numbers otherwise are found by the rows that are in them", () => {
    const ofRow = Int32Array.from({ length: 12 }, (_, i) => (i < 5 ? 7 : 3));
    const recoded = { ofRow, ofTuple: Int32Array.of(7, 3, -1) };
    expect(assessRisk(facts({ recoded })).attackers).toEqual(assessRisk(facts()).attackers);
    const together = { ofRow, ofTuple: Int32Array.of(7, 3, 3) };
    expect(assessRisk(facts({ recoded: together })).attackers.marketer).toBeCloseTo((5 / 10 + 7 / 30) / 12, 6);
  });

  test("a model that could not be kept is refused though every class has k persons", () => {
    const report = assessRisk(facts({ model: "not kept" }));
    expect(report).toMatchObject({ verdict: "refused", level: 3 });
    expect(report).not.toHaveProperty("model");
    expect(report.gate.filter(({ passed }) => !passed).map(({ rule: broken }) => broken)).toEqual(["model"]);
  });

  test("what was not computed is absent", () => {
    const report = assessRisk(facts({ population: undefined }));
    expect(report.attackers).not.toHaveProperty("journalist");
    expect(report.attackers).not.toHaveProperty("marketer");
    expect(report.uniqueness).not.toHaveProperty("population");
    expect(report.utility).not.toHaveProperty("fidelity");
    expect(report.utility).not.toHaveProperty("loss");
  });

  test("without stated circumstances the same sample is of level 2", () => {
    const { gate: _, ...policy } = facts().policy;
    const report = assessRisk(facts({ policy }));
    expect(report).toMatchObject({ level: 2, verdict: "refused" });
    expect(report.contextRisk).toMatchObject({ stated: false, acquaintances: 150 });
    expect(report.gate.filter(({ passed }) => !passed).map((result) => result.rule)).toEqual(["overall-risk"]);
  });

  test("an identifier that is left makes it level 1, whatever the risk", () => {
    const report = assessRisk(facts({ residual: [{ column: "b", kind: "mobile-number" }] }));
    expect(report).toMatchObject({ level: 1, verdict: "refused" });
  });

  test("every rule that is broken is told, with the columns", () => {
    const { policy } = facts();
    const gate = { ...policy.gate, minRows: 13, maxSuppression: 0.01 };
    const report = assessRisk(
      facts({ policy: { ...policy, k: 6, gate }, transformFailures: [{ column: "b", values: 2, share: 0.02 }] }),
    );
    const broken = report.gate.filter(({ passed }) => !passed);
    expect(broken.map((result) => result.rule)).toEqual(["k", "suppression", "min-rows", "invalid-values"]);
    expect(broken[3]).toMatchObject({ columns: ["b"], measured: 0.02, limit: 0.01 });
    const few = assessRisk(facts({ transformFailures: [{ column: "b", values: 1, share: 0.01 }] }));
    expect(few.verdict).toBe("passed");
  });

  test("a person with several rows counts once", () => {
    const subjects = [1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8];
    expect(assessRisk(facts({ subjects }))).toMatchObject({ k: 1, overallRisk: 1, counts: { persons: 8 } });
  });
});
