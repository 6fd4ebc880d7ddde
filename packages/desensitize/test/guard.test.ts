import { GuardFinding } from "@sluice/protocol";
import type { DomainFacts, JobManifest, JobOutput, LinearModel, Verdict } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkOutput, featureLevels, GUARD_RULES, type GuardRule } from "../src/index.ts";

const manifest: JobManifest = {
  name: "inclusive-credit",
  purpose: "inclusive-credit",
  input: { age: "f64", region: "dict", insured: "bool" },
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    model: { kind: "linear-model", maxParameters: 4 },
    band: { kind: "labels", vocabulary: ["A", "B", "C"] },
  },
};
const developed: DomainFacts = { rowCount: 1_000, environment: "development" };
const produced: DomainFacts = { rowCount: 40, environment: "production" };
const model: LinearModel = {
  kind: "linear-model",
  features: ["age", "region=33"],
  weights: [0.5, -1.25],
  intercept: 2,
};

/** A verdict on a development run that returned these. */
function released(
  change: { values?: Record<string, number>; model?: Partial<LinearModel> } = {},
  facts: DomainFacts = developed,
): Verdict {
  const values = { auc: 0.8, rows: 1_000, ...change.values };
  const output: JobOutput = {
    class: "released",
    values: { fit: { kind: "metrics", values }, model: { ...model, ...change.model } },
  };
  return checkOutput(output, manifest, facts);
}

/** Rows in order that are about `persons` in turn. */
const about = (persons: number, rowCount: number): Uint32Array =>
  Uint32Array.from({ length: rowCount }, (_, row) => row % persons);

/** A verdict on a production run that returned these codes. */
function served(codes: number[], facts: DomainFacts = produced): Verdict {
  return checkOutput(
    { class: "served", values: { band: { kind: "labels", codes: Uint8Array.from(codes) } } },
    manifest,
    facts,
  );
}

const labels = (...counts: number[]): number[] =>
  counts.flatMap((rows, code) => Array.from({ length: rows }, () => code));
const refused = (verdict: Verdict): string[] =>
  verdict.findings.filter(({ result }) => result === "refused").map(({ rule }) => rule);
const changed = (verdict: Verdict): string[] =>
  verdict.findings.filter(({ result }) => result === "changed").map(({ rule }) => rule);

/** Metrics and model that a verdict lets through. */
function passed(verdict: Verdict): { metrics: Record<string, number>; parameters: number[] } {
  if (!verdict.ok || verdict.output.class !== "released") throw new Error(`refused: ${refused(verdict).join(" ")}`);
  const { fit, model } = verdict.output.values;
  if (fit?.kind !== "metrics" || model?.kind !== "linear-model") throw new Error("outputs are missing");
  return { metrics: fit.values, parameters: [...model.weights, model.intercept] };
}

test("clean outputs pass every rule, and the findings fit their schema", () => {
  for (const verdict of [released(), served(labels(10, 30))]) {
    expect(verdict.ok).toBe(true);
    expect(verdict.findings.map(({ result }) => result)).not.toContain("refused");
    for (const finding of verdict.findings) expect(GuardFinding.safeParse(finding).success).toBe(true);
  }
  expect(passed(released())).toEqual({ metrics: { auc: 0.8, rows: 1_000 }, parameters: [0.5, -1.25, 2] });
});

test("output-class: refuses served outputs of a sample and released outputs of every row", () => {
  expect(refused(released({}, { ...developed, environment: "production" }))).toEqual(["output-class"]);
  expect(refused(served(labels(20, 20), { ...produced, environment: "development" }))).toEqual(["output-class"]);
});

test("output-declared: refuses outputs that are missing, undeclared or of another kind", () => {
  const fit = { kind: "metrics", values: { auc: 0.8, rows: 100 } } as const;
  const outputs: JobOutput[] = [
    { class: "released", values: {} },
    { class: "released", values: { fit } },
    { class: "released", values: { fit, model, more: fit } },
    { class: "released", values: { fit, constructor: model } },
    { class: "released", values: { fit, model: fit } },
    { class: "served", values: {} },
    { class: "served", values: { toString: { kind: "labels" as const, codes: new Uint8Array(40) } } },
  ];
  for (const output of outputs) {
    const verdict = checkOutput(output, manifest, output.class === "served" ? produced : developed);
    expect(refused(verdict)).toEqual(["output-declared"]);
    expect(verdict).not.toHaveProperty("output");
  }
  const bare: JobManifest = { ...manifest, outputs: {} };
  expect(refused(checkOutput({ class: "released", values: {} }, bare, developed))).toEqual(["output-declared"]);
});

test("rows-minimum: refuses a run over rows of fewer than 10 persons or things", () => {
  const rules = (persons: number): string[] =>
    refused(
      released({ model: { features: ["age"], weights: [1] } }, { ...developed, subjects: about(persons, 1_000) }),
    );
  expect(rules(9)).toContain("rows-minimum");
  expect(rules(12)).toEqual([]);
  expect(refused(released({}, { ...developed, rowCount: 9 }))).toContain("rows-minimum");
  expect(refused(served(labels(9), { ...produced, rowCount: 9 }))).toContain("rows-minimum");
  expect(refused(served(labels(10), { ...produced, rowCount: 10 }))).toEqual([]);
});

test("metrics-keys: refuses missing, additional and inherited keys", () => {
  const outputs: Record<string, number>[] = [{ auc: 0.8 }, { auc: 0.8, rows: 10, extra: 1 }, { auc: 0.8, valueOf: 1 }];
  for (const values of outputs) {
    const output: JobOutput = { class: "released", values: { fit: { kind: "metrics", values }, model } };
    expect(refused(checkOutput(output, manifest, developed))).toEqual(["metrics-keys"]);
  }
  const odd: JobManifest = { ...manifest, outputs: { fit: { kind: "metrics", keys: ["auc", "valueOf"] } } };
  const output: JobOutput = { class: "released", values: { fit: { kind: "metrics", values: { auc: 0.8, rows: 10 } } } };
  expect(refused(checkOutput(output, odd, developed))).toEqual(["metrics-keys"]);
});

test("metrics-finite: refuses numbers that are none", () => {
  for (const auc of [Number.NaN, Infinity, -Infinity])
    expect(refused(released({ values: { auc } }))).toContain("metrics-finite");
});

test("metrics-range: refuses large numbers and flushes small ones to zero", () => {
  expect(refused(released({ values: { auc: 1.01e9 } }))).toEqual(["metrics-range"]);
  expect(refused(released({ values: { auc: -1e300 } }))).toEqual(["metrics-range"]);
  expect(passed(released({ values: { auc: 9.9e-7 } })).metrics["auc"]).toBe(0);
  expect(Object.is(passed(released({ values: { auc: -0 } })).metrics["auc"], 0)).toBe(true);
});

test("metrics-count: whole numbers above 1 become 0 below 10 and multiples of 5 above, rates at their bounds stay", () => {
  const rows = (count: number): number | undefined => passed(released({ values: { rows: count } })).metrics["rows"];
  expect([2, 3, 7, 9, 10, 12, 987, -9, -13, 0, 1, -1].map(rows)).toEqual([0, 0, 0, 0, 10, 10, 985, 0, -15, 0, 1, -1]);
});

test("rounding is told in the same words whatever it did, so that the findings say nothing of a number before it", () => {
  const findings = (rows: number, auc: number, weight: number) =>
    released({ values: { rows, auc }, model: { weights: [weight, 1] } }).findings;
  const usual = findings(0, 0.5, 0.5);
  expect(usual.filter(({ result }) => result === "changed").map(({ rule }) => rule)).toEqual([
    "metrics-count",
    "metrics-digits",
    "model-digits",
  ]);
  for (const rows of [7, 10, 11]) expect(findings(rows, 0.5, 0.5)).toEqual(usual);
  expect(findings(0, 0.500_01, 0.5)).toEqual(usual);
  expect(findings(0, 0.5, 0.500_001)).toEqual(usual);
});

test("metrics-digits: three significant digits leave", () => {
  const verdict = released({ values: { auc: 0.812_345_678_9, rows: 123_456 } });
  expect(passed(verdict).metrics).toEqual({ auc: 0.812, rows: 123_000 });
  expect(changed(verdict)).toContain("metrics-digits");
});

test("model-parameters: refuses more parameters than declared, and weights without feature", () => {
  const names = ["age", "insured", "region=1", "region=2"];
  expect(refused(released({ model: { features: names.slice(0, 3), weights: [1, 2, 3] } }))).toEqual([]);
  expect(refused(released({ model: { features: names, weights: [1, 2, 3, 4] } }))).toEqual(["model-parameters"]);
  expect(refused(released({ model: { weights: [1] } }))).toEqual(["model-parameters"]);
  expect(refused(released({ model: { weights: [1, 2, 3] } }))).toEqual(["model-parameters"]);
});

test("model-ratio: refuses a model of too many parameters for its persons or things, however many rows they have", () => {
  const rules = (persons: number): string[] => refused(released({}, { ...developed, subjects: about(persons, 1_000) }));
  expect(rules(12)).toEqual(["model-ratio"]);
  expect(rules(13)).toEqual([]);
  const verdict = (rowCount: number): string[] => refused(released({}, { ...developed, rowCount }));
  expect(verdict(12)).toEqual(["model-ratio"]); // 3 parameters leave 9 rows
  expect(verdict(13)).toEqual([]);
  const wide: JobManifest = { ...manifest, outputs: { model: { kind: "linear-model", maxParameters: 256 } } };
  const features = Array.from({ length: 33 }, (_, i) => `region=${i}`);
  const check = (rowCount: number): string[] => {
    const many: LinearModel = { kind: "linear-model", features, weights: features.map(() => 1), intercept: 0 };
    return refused(checkOutput({ class: "released", values: { model: many } }, wide, { ...developed, rowCount }));
  };
  expect(check(103)).toEqual(["model-ratio"]);
  expect(check(104)).toEqual([]);
});

test("model-features: refuses names that are no input column, repeated, or carry text", () => {
  const names = (...features: string[]): string[] =>
    refused(released({ model: { features, weights: features.map(() => 1) } }));
  for (const name of ["wage", "constructor", "", "age=3", "insured=1", "region=", `region=${"x".repeat(21)}`]) {
    expect(names(name)).toEqual(["model-features"]);
  }
  expect(names("age", "age")).toEqual(["model-features"]);
  for (const name of ["region=11010519491231002X", "region=13800138000", "region=a\nb", "region={json}", "region=**"]) {
    expect(names(name)).toEqual(["model-features"]);
  }
  expect(names("age", "region=3301", "region=市中心医院")).toEqual([]);
});

test("model-features: with the domain's list, only levels on it may be named", () => {
  const facts: DomainFacts = { ...developed, levels: { region: ["33", "A/B (old)"] } };
  const names = (...features: string[]): string[] =>
    refused(released({ model: { features, weights: features.map(() => 1) } }, facts));
  expect(names("region=33", "region=A/B (old)", "age")).toEqual([]);
  expect(names("region=34")).toEqual(["model-features"]);
  expect(refused(released({}, { ...developed, levels: {} }))).toEqual(["model-features"]);
});

test("model-finite: refuses parameters that are no numbers", () => {
  expect(refused(released({ model: { intercept: Number.NaN } }))).toEqual(["model-finite"]);
  expect(refused(released({ model: { weights: [1, Infinity] } }))).toContain("model-finite");
});

test("model-range: refuses large parameters and flushes small ones to zero", () => {
  expect(refused(released({ model: { weights: [1, -2e9] } }))).toEqual(["model-range"]);
  expect(passed(released({ model: { weights: [1e-7, 1] } })).parameters).toEqual([1e-7, 1, 2]);
  // Of a weight that is 0, nothing leaves.
  expect(passed(released({ model: { weights: [1e-13, 1] } })).parameters).toEqual([1, 2]);
});

test("model-digits: four significant digits leave, so that low bits carry nothing", () => {
  const verdict = released({ model: { weights: [0.123_456_789, -12_345.678], intercept: 9.876_54 } });
  expect(passed(verdict).parameters).toEqual([0.1235, -12_350, 9.877]);
  expect(changed(verdict)).toContain("model-digits");
});

test("labels-length: refuses labels for more or fewer rows", () => {
  expect(refused(served(labels(20, 19)))).toEqual(["labels-length"]);
  expect(refused(served(labels(20, 21)))).toEqual(["labels-length"]);
});

test("labels-vocabulary: refuses a label outside the declared list", () => {
  expect(refused(served(labels(20, 0, 0, 20)))).toEqual(["labels-vocabulary"]);
  expect(refused(served([...labels(30), ...Array.from({ length: 10 }, () => 255)]))).toEqual(["labels-vocabulary"]);
});

test("labels-cell: refuses a label that covers fewer than 10 persons or things", () => {
  const halves = (persons: number): DomainFacts => ({
    ...produced,
    // The first 20 rows are about `persons` in turn, each other row is about another.
    subjects: Uint32Array.from({ length: 40 }, (_, row) => (row < 20 ? row % persons : row)),
  });
  expect(refused(served(labels(20, 20), halves(9)))).toEqual(["labels-cell"]);
  expect(refused(served(labels(20, 20), halves(10)))).toEqual([]);
  expect(refused(served(labels(31, 9)))).toEqual(["labels-cell"]);
  expect(refused(served(labels(30, 10)))).toEqual([]);
  expect(refused(served(labels(40)))).toEqual([]);
});

test("every rule has a test of its own name", async () => {
  const { readdir, readFile } = await import("node:fs/promises");
  const here = new URL(".", import.meta.url);
  const files = (await readdir(here)).filter((name) => /^guard.*\.test\.ts$/.test(name));
  const text = (await Promise.all(files.map((name) => readFile(new URL(name, here), "utf8")))).join("\n");
  for (const rule of Object.keys(GUARD_RULES)) expect(text).toContain(`test("${rule}: `);
});

test("what leaves is never the object that user code returned", () => {
  const codes = Uint8Array.from(labels(20, 20));
  const verdict = checkOutput({ class: "served", values: { band: { kind: "labels", codes } } }, manifest, produced);
  codes.fill(2);
  expect(verdict).toMatchObject({ ok: true, output: { values: { band: { codes: Uint8Array.from(labels(20, 20)) } } } });
});

test("findings on the same manifest differ in their results only, whatever the data", () => {
  const numbers = fc.oneof(fc.double(), fc.integer());
  fc.assert(
    fc.property(numbers, numbers, fc.array(numbers, { maxLength: 5 }), fc.string(), (auc, rows, weights, feature) => {
      const verdict = released({
        values: { auc, rows },
        model: { weights, features: weights.map((_, i) => `${feature}${i}`) },
      });
      for (const { output, rule, note } of verdict.findings) {
        expect(["all", "fit", "model"]).toContain(output);
        expect(note).toBe(GUARD_RULES[rule as GuardRule]);
      }
    }),
  );
});

test("numbers that leave have few digits and few exponents", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), (number) => {
      const { metrics, parameters } = passed(released({ values: { auc: number }, model: { intercept: number } }));
      for (const [value, digits, least] of [
        [metrics["auc"], 3, 1e-6],
        [parameters.at(-1), 4, 1e-12],
      ] as const) {
        const [mantissa = ""] = (value ?? Number.NaN).toExponential().split("e");
        expect(mantissa.replaceAll(/[-.]/g, "").length).toBeLessThanOrEqual(digits);
        expect(Object.is(value, -0)).toBe(false);
        expect(value === 0 || Math.abs(value ?? 0) >= least).toBe(true);
      }
    }),
  );
});

test("levels of a batch are those that at least 10 persons or things have", () => {
  const codes = [...labels(10, 9), 2, 2, 0, 0, 0, 0, 0];
  const region = {
    type: "dict" as const,
    values: Uint32Array.from(codes),
    dictionary: ["11", "33", "33"],
    // The first row and the last five are null.
    validity: Uint8Array.of(0b1111_1110, 255, 0b0001_1111, 0, 0),
  };
  const batch = {
    rowCount: codes.length,
    columns: { region, age: { type: "f64" as const, values: new Float64Array(26) } },
  };
  expect(featureLevels(batch)).toEqual({ region: ["33"] });
  const own = Uint32Array.from(codes, (_, row) => row);
  expect(featureLevels(batch, own)).toEqual({ region: ["33"] });
  // Of the eleven rows of 33, two are about the same person, then one row of another is left.
  expect(featureLevels(batch, own.with(11, 10))).toEqual({ region: ["33"] });
  expect(featureLevels(batch, own.with(11, 10).with(12, 10))).toEqual({ region: [] });
  const all = { rowCount: 26, columns: { region: { ...region, validity: new Uint8Array(4).fill(255) } } };
  expect(featureLevels(all, own)).toEqual({ region: ["11", "33"] });
  expect(
    featureLevels(
      all,
      own.map((row) => (row >= 21 ? 9 : row)),
    ),
  ).toEqual({ region: ["11", "33"] });
  expect(
    featureLevels(
      all,
      own.map((row) => (row >= 21 || row === 3 ? 9 : row)),
    ),
  ).toEqual({ region: ["33"] });
});
