import type {
  Clusters,
  ColumnBatch,
  DomainFacts,
  JobManifest,
  LinearModel,
  Scorecard,
  Tree,
  TreeModel,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { checkOutput } from "../src/index.ts";
import { factsOf, fitLate, judge, numbers, people, refused, releasing, said } from "./model-people.ts";
import {
  CLUSTERS,
  CLUSTERS_SPEC,
  FACTS,
  OTHERS,
  SCORECARD,
  SCORECARD_SPEC,
  TABLE,
  TREE_SPEC,
  stump,
  trees,
} from "./released-models.ts";

test("a tree, a scorecard and clusters of many persons each pass every rule", () => {
  const verdicts = [
    judge(trees(stump(0, 45, [0.5, -0.5])), TREE_SPEC, FACTS),
    judge(SCORECARD, SCORECARD_SPEC, FACTS),
    judge(CLUSTERS, CLUSTERS_SPEC, FACTS),
  ];
  for (const verdict of verdicts) {
    expect(verdict.ok).toBe(true);
    const others = verdict.findings.filter(({ result }) => result !== "passed");
    // Rounding is told in the same words whatever it did.
    expect(others.map(({ rule, result }) => [rule, result])).toEqual([["model-digits", "changed"]]);
  }
});

test("model-size: more than 256 parameters wait for a person, more than 10,000 do not leave", () => {
  const wide = (leaves: number): TreeModel =>
    trees(...Array.from({ length: leaves / 2 }, () => stump(0, 45, [0.1, -0.1])));
  const spec = { ...TREE_SPEC, maxTrees: 200 };
  const facts = FACTS;
  expect(said(judge(wide(254), spec, facts), "model-size")).toBe("passed");
  expect(said(judge(wide(256), spec, facts), "model-size")).toBe("review");
  const deep = (leaves: number): Tree => {
    // A caterpillar: each split sends what is below a threshold to a leaf.
    const tree: Tree = { feature: [], threshold: [], left: [], right: [], value: [] };
    for (let split = 0; split < leaves - 1; split++) {
      tree.feature.push(0, 0);
      tree.threshold.push(20 + (60 * (split + 1)) / leaves, 0);
      tree.left.push(2 * split + 1, -1);
      tree.right.push(2 * split + 2, -1);
      tree.value.push(0, 0.1);
    }
    for (const list of [tree.feature, tree.threshold, tree.value]) list.push(0);
    tree.left.push(-1);
    tree.right.push(-1);
    return tree;
  };
  const huge = trees(...Array.from({ length: 200 }, () => deep(51)));
  expect(refused(judge(huge, { ...spec, maxLeaves: 64 }, facts))).toContain("model-size");
});

test("model-groups: refuses a leaf of nine persons, however many rows they have", () => {
  const ages = [...(TABLE.columns["age"]?.values ?? [])];
  const incomes = [...(TABLE.columns["income"]?.values ?? [])].sort((a, b) => a - b);
  // By 4 digits there is a threshold that leaves nine, and one that leaves ten.
  const below = (threshold: number): number => incomes.filter((income) => income <= threshold).length;
  const at = (persons: number): number => {
    const found = Array.from({ length: 900 }, (_, i) => 20_000 + 10 * i).find(
      (threshold) => below(threshold) === persons,
    );
    if (found === undefined) throw new Error("no threshold leaves so many");
    return found;
  };
  expect(refused(judge(trees(stump(1, at(9), [1, 0])), TREE_SPEC, FACTS))).toContain("model-groups");
  expect(refused(judge(trees(stump(1, at(10), [1, 0])), TREE_SPEC, FACTS))).toEqual([]);
  const young = ages.filter((age) => age <= 45).length;
  expect(young).toBeGreaterThan(100);
  // The same rows, but those of the young are about nine persons.
  const persons = Uint32Array.from(ages, (age, row) => (age <= 45 ? row % 9 : row));
  const few = judge(trees(stump(0, 45, [1, 0])), TREE_SPEC, { ...FACTS, subjects: persons });
  expect(refused(few)).toContain("model-groups");
});

test("model-groups: refuses a bin or a cluster of few, and a bin of nobody that has points", () => {
  const scored = (change: Partial<Scorecard>): string[] =>
    refused(judge({ ...SCORECARD, ...change }, SCORECARD_SPEC, FACTS));
  expect(scored({ items: [{ column: "age", breaks: [55], points: [0.5, 0, 0] }] })).toEqual([]);
  expect(scored({ items: [{ column: "age", breaks: [10, 55], points: [0.5, 0, -0.5, 0] }] })).toContain("model-groups");
  // Nobody's age is missing: points for it are said of nobody, and could say anything.
  expect(scored({ items: [{ column: "age", breaks: [55], points: [0.5, -0.5, 1.25] }] })).toContain("model-groups");
  const far: Clusters = { ...CLUSTERS, centres: [...CLUSTERS.centres, [40, 40]] };
  expect(refused(judge(far, CLUSTERS_SPEC, FACTS))).toContain("model-groups");
});

test("model-groups: refuses a model of groups when there are no rows to count", () => {
  const { table: _, ...without } = FACTS;
  for (const [model, spec] of [
    [trees(stump(0, 45, [0.5, -0.5])), TREE_SPEC],
    [SCORECARD, SCORECARD_SPEC],
    [CLUSTERS, CLUSTERS_SPEC],
  ] as const) {
    expect(refused(judge(model, spec, without))).toEqual(["model-groups"]);
  }
});

test("model-groups: counts by the numbers that leave, so that a threshold with all its digits singles nobody out", () => {
  // Between 60,000.4 and 60,001 there is one income; the two thresholds are the same number when they leave.
  const incomes = Float64Array.from(TABLE.columns["income"]?.values ?? []);
  const table = {
    ...TABLE,
    columns: { ...TABLE.columns, income: { type: "f64" as const, values: incomes.with(0, 60_000.7) } },
  };
  const nested: Tree = {
    feature: [1, 1, 0, 0, 0],
    threshold: [60_001, 60_000.4, 0, 0, 0],
    left: [1, 3, -1, -1, -1],
    right: [2, 4, -1, -1, -1],
    value: [0, 0, -0.5, 0.5, 0.9],
  };
  const verdict = judge(trees(nested), TREE_SPEC, factsOf(table, { heldOut: OTHERS }));
  expect(refused(verdict)).toContain("model-groups");
  // Ten have at most 20,014; nine of them at most 20,010, which is what leaves.
  const low = incomes.map((income, row) => (row < 9 ? 20_001 + row : row === 9 ? 20_014 : Math.max(income, 30_000)));
  const ten = { ...TABLE, columns: { ...TABLE.columns, income: { type: "f64" as const, values: low } } };
  const cut = (threshold: number): string[] =>
    refused(judge(trees(stump(1, threshold, [0.2, 0])), TREE_SPEC, factsOf(ten, { heldOut: OTHERS })));
  expect(cut(20_014)).toContain("model-groups");
  expect(cut(20_016)).toEqual([]);
  const wide = judge(trees({ ...nested, threshold: [60_001, 40_000.123456, 0, 0, 0] }), TREE_SPEC, FACTS);
  if (!wide.ok || wide.output.class !== "released") throw new Error(refused(wide).join(" "));
  const value = wide.output.values["model"];
  expect(value?.kind === "tree-model" ? value.trees[0]?.threshold.slice(0, 2) : null).toEqual([60_000, 40_000]);
});

test("model-intervals: refuses two trees whose thresholds have one to nine persons between them", () => {
  const ages = [...(TABLE.columns["age"]?.values ?? [])];
  expect(ages.filter((age) => age > 45 && age <= 46).length).toBeGreaterThanOrEqual(10);
  const incomes = [...(TABLE.columns["income"]?.values ?? [])];
  const between = incomes.filter((income) => income > 60_000 && income <= 60_200).length;
  expect(between).toBeGreaterThan(0);
  expect(between).toBeLessThan(10);
  const near = trees(stump(1, 60_000, [0.3, -0.3]), stump(1, 60_200, [0.3, -0.3]));
  expect(refused(judge(near, TREE_SPEC, FACTS))).toEqual(["model-intervals"]);
  expect(refused(judge(trees(stump(0, 45, [0.3, -0.3]), stump(0, 46, [0.3, -0.3])), TREE_SPEC, FACTS))).toEqual([]);
  // Nobody has an age between two whole numbers.
  expect(refused(judge(trees(stump(0, 45.2, [0.3, -0.3]), stump(0, 45.8, [0.3, -0.3])), TREE_SPEC, FACTS))).toEqual([]);
});

test("model-pure: a leaf whose persons are all ill is refused, one whose persons all pay late waits for a person", () => {
  const ages = [...(TABLE.columns["age"]?.values ?? [])];
  const flag = (isOne: (age: number) => boolean): { type: "bool"; values: Uint8Array } => ({
    type: "bool",
    values: Uint8Array.from(ages, (age) => (isOne(age) ? 1 : 0)),
  });
  const old = trees(stump(0, 70, [-0.5, 0.5]));
  const with_ = (name: string): DomainFacts =>
    factsOf({ ...TABLE, columns: { ...TABLE.columns, [name]: flag((age) => age > 70) } }, { heldOut: OTHERS });
  expect(said(judge(old, TREE_SPEC, with_("ill")), "model-pure")).toBe("refused");
  expect(said(judge(old, TREE_SPEC, with_("late")), "model-pure")).toBe("review");
  expect(said(judge(old, TREE_SPEC, FACTS), "model-pure")).toBe("passed");
  // Among several trees a leaf says what others leave over.
  const two = trees(stump(0, 70, [-0.5, 0.5]), stump(1, 60_000, [0.1, -0.1]));
  expect(said(judge(two, TREE_SPEC, with_("ill")), "model-pure")).toBe("review");
  // That a leaf of the ill is of the ill is no secret.
  const own: TreeModel = { ...trees(stump(0, 0.5, [-0.5, 0.5])), features: ["ill"] };
  expect(said(judge(own, TREE_SPEC, FACTS), "model-pure")).toBe("passed");
  const card: Scorecard = { ...SCORECARD, items: [{ column: "age", breaks: [70.5], points: [-0.5, 0.5, 0] }] };
  expect(said(judge(card, SCORECARD_SPEC, with_("ill")), "model-pure")).toBe("refused");
});

test("model-copy: refuses centres that are rows, and lets those of many equal rows pass", () => {
  const row = (i: number): number[] => [
    ((TABLE.columns["age"]?.values[i] ?? 0) - 50) / 17,
    ((TABLE.columns["income"]?.values[i] ?? 0) - 60_000) / 23_000,
  ];
  const copied: Clusters = { ...CLUSTERS, centres: [row(3), row(8), row(21)] };
  expect(refused(judge(copied, CLUSTERS_SPEC, FACTS))).toEqual(["model-copy"]);
  const flags: Clusters = {
    kind: "clusters",
    features: ["ill", "late"],
    means: [0, 0],
    scales: [1, 1],
    centres: [
      [0, 0],
      [0, 1],
      [1, shareLate(1)],
    ],
  };
  expect(refused(judge(flags, CLUSTERS_SPEC, FACTS))).toEqual([]);
});

/** Share of late payers among the ill (1) or the others (0). */
function shareLate(ill: number): number {
  const late = TABLE.columns["late"]?.values ?? [];
  const own = [...(TABLE.columns["ill"]?.values ?? [])].flatMap((value, row) =>
    value === ill ? [late[row] ?? 0] : [],
  );
  return own.reduce((sum, value) => sum + value, 0) / own.length;
}

test("model-features: a scorecard names listed columns and frequent levels only", () => {
  const named = (item: Scorecard["items"][number]): string[] =>
    refused(judge({ ...SCORECARD, items: [item] }, SCORECARD_SPEC, FACTS));
  expect(named({ column: "region", levels: [["overseas"]], points: [0.1, 0] })).toContain("model-features");
  expect(named({ column: "name", breaks: [1], points: [0.1, 0, 0] })).toContain("model-features");
  expect(named({ column: "region", breaks: [1], points: [0.1, 0, 0] })).toContain("model-features");
});

test("release-bytes: more than 64 KB of one run wait for a person", () => {
  const keys = Array.from({ length: 32 }, (_, i) => `m${String(i).padStart(38, "0")}`);
  const run = (outputs: number): string | null => {
    const names = Array.from({ length: outputs }, (_, i) => `out${i}`);
    const spec = { kind: "metrics", keys } as const;
    const manifest: JobManifest = {
      ...releasing(CLUSTERS_SPEC),
      outputs: Object.fromEntries(names.map((name) => [name, spec])),
    };
    const value = { kind: "metrics" as const, values: Object.fromEntries(keys.map((key) => [key, 0.5])) };
    const output = { class: "released" as const, values: Object.fromEntries(names.map((name) => [name, value])) };
    return said(checkOutput(output, manifest, FACTS), "release-bytes");
  };
  expect(run(30)).toBe("passed");
  expect(run(60)).toBe("review");
});

test("release-scalars: more than 32 metrics of one run wait for a person", () => {
  const metrics = (count: number): string | null => {
    const keys = Array.from({ length: count }, (_, i) => `m${i}`);
    const outputs = {
      a: { kind: "metrics", keys: keys.slice(0, 32) },
      b: { kind: "metrics", keys: [...keys.slice(32), "x"] },
    } as const;
    const value = (own: readonly string[]): { kind: "metrics"; values: Record<string, number> } => ({
      kind: "metrics",
      values: Object.fromEntries(own.map((key) => [key, 0.5])),
    });
    const output = { class: "released" as const, values: { a: value(outputs.a.keys), b: value(outputs.b.keys) } };
    const manifest: JobManifest = {
      ...releasing(CLUSTERS_SPEC),
      outputs: { a: { ...outputs.a, keys: [...outputs.a.keys] }, b: { ...outputs.b, keys: [...outputs.b.keys] } },
    };
    return said(checkOutput(output, manifest, FACTS), "release-scalars");
  };
  expect(metrics(31)).toBe("passed");
  expect(metrics(32)).toBe("review");
});

test("release-budget: what left of the source table so far, with this, waits for a person when it could carry too much", () => {
  const model: LinearModel = { kind: "linear-model", features: ["age", "income"], ...fitLate(TABLE, 20) };
  const spec = { kind: "linear-model", maxParameters: 3, target: "late", link: "logit" } as const;
  const at = (bitsBefore: number): string | null =>
    said(judge(model, spec, { ...FACTS, bitsBefore }), "release-budget");
  // Three parameters of 4 digits, 21 decades and a sign carry 55.6 bits, two names of 4,096 carry 24.
  const own = Math.ceil(3 * Math.log2(2 * 9_000 * 21 + 1) + 24);
  expect(at(524_288 - own - 1)).toBe("passed");
  expect(at(524_288 - own + 1)).toBe("review");
  expect(said(judge(model, spec, FACTS), "release-budget")).toBe(null);
});

test("case 66: rows hidden in the low bits of nine weights are whole before the guard and gone after it", () => {
  const secret = new Uint8Array(36);
  const random = numbers(66);
  for (const i of secret.keys()) secret[i] = Math.floor(256 * random());
  const table = people(1_000, 4);
  const fitted = fitLate(table);
  const nine: LinearModel = {
    kind: "linear-model",
    features: ["age", "income", "ill", "region=north", "region=south", "region=east", "region=west", "region=centre"],
    weights: [...fitted.weights, 0.0131, -0.0217, 0.0078, 0.0112, 0.0053, -0.0094],
    intercept: fitted.intercept,
  };
  const facts = factsOf(table, { heldOut: OTHERS });
  // Nine numbers carry four bytes each in the lower half of their mantissas.
  const hidden: LinearModel = {
    ...nine,
    weights: nine.weights.map((weight, i) => withLowBytes(weight, secret.subarray(4 * i, 4 * i + 4))),
    intercept: withLowBytes(nine.intercept, secret.subarray(32, 36)),
  };
  const read = ({ weights, intercept }: LinearModel): number[] => [...weights, intercept].flatMap(lowBytes);
  expect(read(hidden)).toEqual([...secret]);
  const accuracy = (model: LinearModel): number => {
    const predicted = plainScores(model, table).map((score) => (score > 0 ? 1 : 0));
    return predicted.filter((label, row) => label === table.columns["late"]?.values[row]).length / table.rowCount;
  };
  expect(accuracy(hidden)).toBe(accuracy(nine));

  const spec = { kind: "linear-model", maxParameters: 16, target: "late", link: "logit" } as const;
  const left = judge(hidden, spec, facts);
  if (!left.ok || left.output.class !== "released") throw new Error(refused(left).join(" "));
  const after = left.output.values["model"];
  if (after?.kind !== "linear-model") throw new Error("the model leaves");
  const agreement = read(after).reduce((bits, byte, i) => bits + 8 - ones(byte ^ (secret[i] ?? 0)), 0) / (8 * 36);
  // Of 288 bits, chance alone is within three standard deviations of half.
  expect(Math.abs(agreement - 0.5)).toBeLessThan(3 * Math.sqrt(0.25 / 288));
  const whole = read(after).filter((byte, i) => byte === secret[i]).length;
  expect(whole).toBeLessThanOrEqual(2);
  expect(Math.abs(accuracy(after) - accuracy(nine))).toBeLessThan(0.01);
});

test("case 71: a tree with a leaf of one person is refused", () => {
  const oldest = people(1_000, 1);
  const income = Float64Array.from(oldest.columns["income"]?.values ?? []).with(17, 250_000);
  const table = { ...oldest, columns: { ...oldest.columns, income: { type: "f64" as const, values: income } } };
  const alone = trees(stump(1, 200_000, [0, 3]));
  expect(refused(judge(alone, TREE_SPEC, factsOf(table, { heldOut: OTHERS })))).toContain("model-groups");
});

test("case 72: a linear model, a tree, a scorecard or clusters of more than a third as many parameters as persons are refused", () => {
  const few = people(60, 5);
  const facts = factsOf(few, { heldOut: OTHERS });
  const features = ["age", "income", "ill", "region=north", "region=south"];
  const linear = (count: number): string[] => {
    const weights = features.slice(0, count).map(() => 0.1);
    const spec = { kind: "linear-model", maxParameters: 64, target: "late", link: "logit" } as const;
    return refused(
      judge({ kind: "linear-model", features: features.slice(0, count), weights, intercept: 0 }, spec, {
        ...facts,
        rowCount: 15,
        table: people(15, 6),
      }),
    );
  };
  expect(linear(5)).toContain("model-ratio");
  const stumps = trees(...Array.from({ length: 10 }, () => stump(0, 45, [0.1, -0.1])));
  expect(refused(judge(stumps, TREE_SPEC, facts))).toEqual(["model-ratio"]);
  const cluster: Clusters = {
    ...CLUSTERS,
    features: ["age", "income"],
    centres: Array.from({ length: 8 }, (_, i) => [i - 4, 0.123]),
  };
  expect(refused(judge(cluster, CLUSTERS_SPEC, { ...facts, rowCount: 50, table: people(50, 7) }))).toContain(
    "model-ratio",
  );
});

test("case 73: neighbours as a model are refused: a centre for each person, and centres that are rows", () => {
  const few = people(64, 8);
  const rows = Array.from({ length: 64 }, (_, i) => [
    ((few.columns["age"]?.values[i] ?? 0) - 50) / 17,
    ((few.columns["income"]?.values[i] ?? 0) - 60_000) / 23_000,
  ]);
  const spec = { kind: "clusters", maxClusters: 64 } as const;
  const all = judge({ ...CLUSTERS, centres: rows }, spec, factsOf(few, { heldOut: OTHERS }));
  expect(refused(all)).toEqual(expect.arrayContaining(["model-ratio", "model-groups", "model-copy"]));
  // Five rows of a thousand: each is nearest to many, and is a row all the same.
  const medoids = rows.slice(0, 5);
  const big = people(1_000, 8);
  const some = judge({ ...CLUSTERS, centres: medoids }, spec, factsOf(big, { heldOut: OTHERS }));
  const first = [big.columns["age"]?.values[0], big.columns["income"]?.values[0]];
  expect(first).toEqual([few.columns["age"]?.values[0], few.columns["income"]?.values[0]]);
  expect(refused(some)).toEqual(["model-copy"]);
});

function withLowBytes(number: number, bytes: Uint8Array): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  for (const [i, byte] of bytes.entries()) view.setUint8(4 + i, byte);
  return view.getFloat64(0);
}

function lowBytes(number: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  return [4, 5, 6, 7].map((at) => view.getUint8(at));
}

function ones(byte: number): number {
  return byte.toString(2).replaceAll("0", "").length;
}

function plainScores({ features, weights, intercept }: LinearModel, table: ColumnBatch): number[] {
  return Array.from({ length: table.rowCount }, (_, row) =>
    features.reduce((sum, feature, j) => {
      const [name = "", level] = feature.split("=");
      const column = table.columns[name];
      const value = column?.values[row] ?? 0;
      const own = level === undefined ? value : column?.type === "dict" && column.dictionary[value] === level ? 1 : 0;
      return sum + (weights[j] ?? 0) * own;
    }, intercept),
  );
}
