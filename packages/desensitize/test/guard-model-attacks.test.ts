/** Ways around the rules for released models, each under the name of the rule that stops it.
 *  @module */
import type { Clusters, ColumnBatch, LinearModel, Scorecard, Tree, TreeModel } from "@sluice/protocol";
import { expect, test } from "vitest";
import { factsOf, judge, numbers, refused, said } from "./model-people.ts";
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

test("model-copy: refuses rows that are moved by a known shift, in all coordinates or in one", () => {
  const row = (i: number): [number, number] => [
    ((TABLE.columns["age"]?.values[i] ?? 0) - 50) / 17,
    ((TABLE.columns["income"]?.values[i] ?? 0) - 60_000) / 23_000,
  ];
  const of = (centres: number[][], more: Partial<Clusters> = {}): string | null =>
    said(judge({ ...CLUSTERS, ...more, centres }, CLUSTERS_SPEC, FACTS), "model-copy");
  const rows = [3, 8, 21, 34, 55].map(row);
  for (const shift of [
    [0.3, 0.3],
    [0, 0.2],
    [-0.1, 0],
  ]) {
    expect(of(rows.map((centre) => centre.map((value, j) => value + (shift[j] ?? 0))))).toBe("refused");
  }
  // Moved by what all centres share, and the mean with them: the columns do not have that mean.
  const moved = CLUSTERS.centres.map(([age = 0, income = 0]) => [age + 2, income]);
  expect(of(moved, { means: [16, 60_000] })).toBe("review");
  expect(of(CLUSTERS.centres, { scales: [17, 23_000 * 1.04] })).toBe("passed");
  expect(of(CLUSTERS.centres.map(([age = 0, income = 0]) => [age, income * 1.1]))).toBe("review");
  expect(of(CLUSTERS.centres)).toBe("passed");
});

test("model-pure: a useless split on the sensitive column elsewhere, a missing value or one of another hide no leaf of the ill", () => {
  const age = TABLE.columns["age"]?.values ?? [];
  const random = numbers(31);
  const flags = Uint8Array.from(age, (own) => (own > 70 || random() < 0.3 ? 1 : 0));
  const oldest = [...age].findIndex((own) => own > 70);
  const missing = new Uint8Array(125).fill(255);
  const unknown = [...age.keys()].filter((row) => (age[row] ?? 0) > 70).slice(0, 12);
  for (const row of unknown) missing[row >> 3] = (missing[row >> 3] ?? 0) & ~(1 << (row & 7));
  const at = (model: TreeModel | Scorecard, ill: ColumnBatch["columns"][string]): string | null => {
    const facts = factsOf({ ...TABLE, columns: { ...TABLE.columns, ill } }, { heldOut: OTHERS });
    return said(judge(model, model.kind === "scorecard" ? SCORECARD_SPEC : TREE_SPEC, facts), "model-pure");
  };
  const elsewhere: TreeModel = {
    ...trees({
      feature: [0, 1, 0, 0, 0],
      threshold: [70, 0.5, 0, 0, 0],
      left: [1, 3, -1, -1, -1],
      right: [2, 4, -1, -1, -1],
      value: [0, 0, 0.5, -0.5, -0.5],
    }),
    features: ["age", "ill"],
  };
  const plain = trees(stump(0, 70, [-0.5, 0.5]));
  const bool = (values: Uint8Array): ColumnBatch["columns"][string] => ({ type: "bool", values });
  expect(at(elsewhere, bool(flags))).toBe("refused");
  expect(at(plain, { type: "bool", values: flags, validity: missing })).toBe("refused");
  expect(at(plain, bool(flags.with(oldest, 0)))).toBe("refused");
  // On the way to the leaf, the split says who is in it: all others of whom it is asked are there, too.
  const asked: TreeModel = {
    ...trees({
      feature: [1, 0, 0, 0, 0],
      threshold: [0.5, 30, 0, 0, 0],
      left: [1, 3, -1, -1, -1],
      right: [2, 4, -1, -1, -1],
      value: [0, 0, 0.5, -0.5, -0.4],
    }),
    features: ["age", "ill"],
  };
  expect(at(asked, bool(flags))).toBe("passed");
  // A split that lets everybody through asks nothing: of three values, two are still possible.
  const three = {
    type: "i32" as const,
    values: Int32Array.from(flags, (flag, row) => (flag === 1 ? 1 : row % 2 === 0 ? 0 : 2)),
  };
  const loose: TreeModel = { ...asked, trees: [{ ...at3(asked), threshold: [0.5, 30, 70, 0, 0, 0, 0] }] };
  expect(at(loose, three)).toBe("refused");
  // Nine of another value among many wait for a person when they are not nearly nobody.
  const nine = flags.map((flag, row) =>
    (age[row] ?? 0) > 70 && Array.from(age.slice(0, row)).filter((own) => own > 70).length < 9 ? 0 : flag,
  );
  expect(at(plain, bool(nine))).toBe("review");
});

/** `model`'s tree with a split of those who have more than 0.5 by age. */
function at3({ trees: [tree] }: TreeModel): Tree {
  if (tree === undefined) throw new Error("there is a tree");
  return {
    feature: [1, 0, 0, 0, 0, 0, 0],
    threshold: tree.threshold,
    left: [1, 3, 5, -1, -1, -1, -1],
    right: [2, 4, 6, -1, -1, -1, -1],
    value: [0, 0, 0, 0.1, 0.2, 0.3, 0.4],
  };
}

test("model-pure: clusters are told by what is not sensitive, so that the column as one more feature hides nothing", () => {
  const age = TABLE.columns["age"]?.values ?? [];
  const ill = {
    type: "bool" as const,
    values: Uint8Array.from(age, (own, row) => (own > 60 || row % 3 === 0 ? 1 : 0)),
  };
  const facts = factsOf({ ...TABLE, columns: { ...TABLE.columns, ill } }, { heldOut: OTHERS });
  const mean = (isOld: boolean, values: ArrayLike<number>): number => {
    const own = Array.from(values).filter((_, row) => (age[row] ?? 0) > 60 === isOld);
    return own.reduce((sum, value) => sum + value, 0) / own.length;
  };
  // By age alone as by both: in years, an illness is near nothing.
  const centres = [false, true].map((isOld) => [mean(isOld, age), mean(isOld, ill.values)]);
  const model: Clusters = { kind: "clusters", features: ["age", "ill"], means: [0, 0], scales: [1, 1], centres };
  const cut = (mean(false, age) + mean(true, age)) / 2;
  const healthy = Array.from(ill.values).filter((own, row) => own === 0 && (age[row] ?? 0) > cut).length;
  expect(said(judge(model, CLUSTERS_SPEC, facts), "model-pure")).toBe(healthy === 0 ? "refused" : "passed");
  const all = { ...ill, values: Uint8Array.from(age, (own, row) => (own > cut || row % 3 === 0 ? 1 : 0)) };
  const told = factsOf({ ...TABLE, columns: { ...TABLE.columns, ill: all } }, { heldOut: OTHERS });
  expect(said(judge(model, CLUSTERS_SPEC, told), "model-pure")).toBe("refused");
});

test("model-support: a missing value is the 0 that a model reads, and no other person", () => {
  const values = new Float64Array(1_000).with(7, 1);
  const validity = new Uint8Array(125).fill(255).fill(0, 20, 22);
  const linear: LinearModel = { kind: "linear-model", features: ["income"], weights: [-3], intercept: 0.1 };
  const of = (income: ColumnBatch["columns"][string]): string | null => {
    const facts = factsOf({ ...TABLE, columns: { ...TABLE.columns, income } }, { heldOut: OTHERS });
    return said(
      judge(linear, { kind: "linear-model", maxParameters: 2, target: "late", link: "logit" }, facts),
      "model-support",
    );
  };
  expect(of({ type: "f64", values, validity })).toBe("refused");
  expect(of({ type: "f64", values: values.fill(1, 200, 209), validity })).toBe("passed");
  expect(of({ type: "f64", values: new Float64Array(1_000).fill(1), validity })).toBe("passed");
});

test("model-features: a column of texts is no number, which would say where a text came first", () => {
  const own: TreeModel = { ...trees(stump(0, 2.5, [0.5, -0.5])), features: ["region"] };
  expect(refused(judge(own, TREE_SPEC, FACTS))).toContain("model-features");
});

test("model-groups: a number that is none is in the last bin, as the model reads it", () => {
  const age = Float64Array.from(TABLE.columns["age"]?.values ?? []).fill(Number.NaN, 0, 9);
  const card: Scorecard = { ...SCORECARD, items: [{ column: "age", breaks: [45], points: [0.5, -0.5, 0.7] }] };
  const of = (values: Float64Array): string[] =>
    refused(
      judge(card, SCORECARD_SPEC, factsOf({ ...TABLE, columns: { ...TABLE.columns, age: { type: "f64", values } } })),
    );
  expect(of(age)).toContain("model-groups");
  expect(of(age.fill(Number.NaN, 0, 10))).not.toContain("model-groups");
});

test("model-intervals: two trees of different features whose leaves one to nine persons tell apart wait for a person", () => {
  // 100 have a low income, of whom all but some have a low age too.
  const of = (apart: number, persons?: Uint32Array): string | null => {
    const age = Float64Array.from({ length: 1_000 }, (_, row) => (row < 100 - apart ? 25 : 60));
    const income = Float64Array.from({ length: 1_000 }, (_, row) => (row < 100 ? 20_000 : 90_000));
    const columns = {
      ...TABLE.columns,
      age: { type: "f64", values: age },
      income: { type: "f64", values: income },
    } as const;
    const facts = factsOf(
      { ...TABLE, columns },
      { heldOut: OTHERS, ...(persons === undefined ? {} : { subjects: persons }) },
    );
    const model = trees(stump(0, 45, [0.5, -0.5]), stump(1, 50_000, [0.5, -0.5]));
    return said(judge(model, TREE_SPEC, facts), "model-intervals");
  };
  expect([0, 1, 9, 10].map((apart) => of(apart))).toEqual(["passed", "review", "review", "passed"]);
  // Twenty rows of five persons.
  expect(
    of(
      20,
      Uint32Array.from({ length: 1_000 }, (_, row) => (row >= 80 && row < 100 ? 80 + (row % 5) : row)),
    ),
  ).toBe("review");
});

test("names, levels, nodes and trees in an order of their own carry nothing: each model leaves in one form", () => {
  const left = (model: TreeModel | Scorecard | LinearModel | Clusters, spec: Parameters<typeof judge>[1]): unknown => {
    const verdict = judge(model, spec, FACTS);
    if (!verdict.ok || verdict.output.class !== "released") throw new Error(refused(verdict).join(" "));
    return verdict.output.values["model"];
  };
  const linear = { kind: "linear-model", maxParameters: 8, target: "late", link: "logit" } as const;
  const features = ["region=south", "income", "age", "region=north"];
  const weights = [0.2, 0, -0.05, 0.1];
  const plain = {
    kind: "linear-model",
    features: ["age", "region=north", "region=south"],
    weights: [-0.05, 0.1, 0.2],
    intercept: 1,
  } as const;
  expect(left({ kind: "linear-model", features, weights, intercept: 1 }, linear)).toEqual(plain);
  expect(left({ ...plain, features: ["income", "age"], weights: [1e-9, 0] }, linear)).toMatchObject({
    weights: [1e-9],
  });

  const own = stump(0, 45, [0.5, -0.5]);
  const other: TreeModel = {
    ...trees(stump(3, 60_000, [0.1, -0.1]), { ...stump(1, 45, [-0.5, 0.5]), left: [2, -1, -1], right: [1, -1, -1] }),
    features: ["region=west", "age", "ill", "income"],
  };
  expect(left(other, TREE_SPEC)).toEqual(left(trees(own, stump(1, 60_000, [0.1, -0.1])), TREE_SPEC));
  expect(left(other, TREE_SPEC)).toMatchObject({ features: ["age", "income"] });

  const card: Scorecard = {
    ...SCORECARD,
    items: [
      { column: "region", levels: [["south", "east"], ["north"]], points: [-0.05, 0.1, 0] },
      { column: "income", breaks: [50_000], points: [0, 0, 0] },
      ...SCORECARD.items.slice(0, 1),
    ],
  };
  const sorted = { column: "region", levels: [["east", "south"], ["north"]], points: [-0.05, 0.1, 0] };
  expect(left(card, SCORECARD_SPEC)).toEqual({ ...SCORECARD, items: [SCORECARD.items[0], sorted] });

  const turned: Clusters = {
    ...CLUSTERS,
    features: ["income", "age"],
    means: CLUSTERS.means.toReversed(),
    scales: CLUSTERS.scales.toReversed(),
    centres: CLUSTERS.centres.map((centre) => centre.toReversed()),
  };
  expect(left(turned, CLUSTERS_SPEC)).toEqual({ ...CLUSTERS, centres: CLUSTERS.centres.toReversed() });
});
