import type { Clusters, ColumnBatch, LinearModel, ModelEvidence, Tree, TreeModel, Verdict } from "@sluice/protocol";
import { ModelEvidence as EvidenceForm } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { measureMembership, upperTail } from "../src/guard/model/membership.ts";
import { factsOf, fitLate, judge, numbers, people, said } from "./model-people.ts";

const MEMBERS = people(1_200, 11);
const OTHERS = people(1_200, 12);
const FACTS = factsOf(MEMBERS, { heldOut: OTHERS });
const LINEAR = { kind: "linear-model", maxParameters: 8, target: "late" } as const;
const TREES = { kind: "tree-model", maxTrees: 200, maxLeaves: 64, target: "late" } as const;
const honest: LinearModel = { kind: "linear-model", features: ["age", "income"], ...fitLate(MEMBERS, 100) };

const evidenceOf = ({ evidence }: Verdict): ModelEvidence => {
  const [first] = evidence ?? [];
  if (first === undefined) throw new Error("nothing was measured");
  return first;
};

/** A tree that puts each run of `size` incomes into a leaf of its own, with the share of late payers there as log-odds. */
function memorising(table: ColumnBatch, size: number): TreeModel {
  const income = table.columns["income"]?.values ?? [];
  const late = table.columns["late"]?.values ?? [];
  const order = [...income.keys()].sort((a, b) => (income[a] ?? 0) - (income[b] ?? 0));
  const cuts: { threshold: number; value: number }[] = [];
  for (let from = 0; from < order.length; from += size) {
    const own = order.slice(from, from + size);
    const share = own.reduce((sum, row) => sum + (late[row] ?? 0), 0) / own.length;
    const value = Math.log((share + 0.02) / (1.02 - share));
    cuts.push({ threshold: income[own.at(-1) ?? 0] ?? 0, value });
  }
  const trees: Tree[] = [];
  // 63 leaves a tree; what is not in the range of a tree gets nothing from it.
  for (let from = 0; from < cuts.length; from += 60)
    trees.push(rangeTree(cuts.slice(from, from + 60), cuts[from - 1]?.threshold));
  return { kind: "tree-model", link: "logit", features: ["income"], base: 0, trees };
}

function rangeTree(cuts: readonly { threshold: number; value: number }[], below: number | undefined): Tree {
  const tree: Tree = { feature: [], threshold: [], left: [], right: [], value: [] };
  const steps = [...(below === undefined ? [] : [{ threshold: below, value: 0 }]), ...cuts];
  for (const [i, { threshold, value }] of steps.entries()) {
    tree.feature.push(0, 0);
    tree.threshold.push(threshold, 0);
    tree.left.push(2 * i + 1, -1);
    tree.right.push(2 * i + 2, -1);
    tree.value.push(0, value);
  }
  for (const list of [tree.feature, tree.threshold, tree.value]) list.push(0);
  tree.left.push(-1);
  tree.right.push(-1);
  return tree;
}

test("model-membership: a model of the whole passes, one that remembers is refused", () => {
  const fair = judge(honest, LINEAR, FACTS);
  expect(said(fair, "model-membership")).toBe("passed");
  const { membership, ...evidence } = evidenceOf(fair);
  expect(Math.abs((membership?.auc ?? 0) - 0.5)).toBeLessThan(0.04);
  expect(membership).toMatchObject({ members: 1_200, others: 1_200 });
  expect(EvidenceForm.safeParse({ ...evidence, membership }).success).toBe(true);

  const learnt = judge(memorising(MEMBERS, 2), TREES, FACTS);
  expect(said(learnt, "model-membership")).toBe("refused");
  expect(evidenceOf(learnt).membership?.auc).toBeGreaterThan(0.6);
});

test("model-membership: between its limits a model waits for a person", () => {
  const some = judge(memorising(MEMBERS, 12), TREES, FACTS);
  const { auc, pValue } = evidenceOf(some).membership ?? { auc: 0, pValue: 1 };
  expect(auc).toBeGreaterThan(0.55);
  expect(auc).toBeLessThan(0.6);
  expect(pValue).toBeLessThan(0.01);
  expect(said(some, "model-membership")).toBe("review");
});

test("model-membership: centres that lie on their own persons are refused", () => {
  const pairs = Array.from({ length: 24 }, (_, i) => [
    ((MEMBERS.columns["age"]?.values[i] ?? 0) - 50) / 17,
    ((MEMBERS.columns["income"]?.values[i] ?? 0) - 60_000) / 23_000,
  ]);
  const model: Clusters = {
    kind: "clusters",
    features: ["age", "income"],
    means: [50, 60_000],
    scales: [17, 23_000],
    centres: pairs,
  };
  const few = { ...MEMBERS, rowCount: 120, columns: first(MEMBERS, 120) };
  const verdict = judge(model, { kind: "clusters", maxClusters: 64 }, factsOf(few, { heldOut: OTHERS }));
  expect(said(verdict, "model-target")).toBe(null);
  expect(said(verdict, "model-membership")).toBe("refused");
});

test("model-target: without a target, or one that no loss can be taken of, membership was not measured", () => {
  const { target: _, ...untold } = LINEAR;
  expect(said(judge(honest, untold, FACTS), "model-target")).toBe("review");
  expect(said(judge(honest, { ...LINEAR, target: "region" }, FACTS), "model-target")).toBe("review");
  expect(said(judge(honest, { ...LINEAR, target: "income", link: "logit" }, FACTS), "model-target")).toBe("review");
  expect(said(judge(honest, LINEAR, FACTS), "model-target")).toBe("passed");
});

test("model-holdout: without rows outside of the sample, or with fewer than 100, a person looks", () => {
  const { heldOut: _, ...alone } = FACTS;
  expect(said(judge(honest, LINEAR, alone), "model-holdout")).toBe("review");
  expect(said(judge(honest, LINEAR, { ...FACTS, heldOut: people(99, 13) }), "model-holdout")).toBe("review");
  expect(said(judge(honest, LINEAR, { ...FACTS, heldOut: people(100, 13) }), "model-holdout")).toBe("passed");
  expect(evidenceOf(judge(honest, LINEAR, alone)).membership).toBe(undefined);
});

test("model-attributes: refuses a model whose output gives away who is ill, of those in the sample alone", () => {
  // Late payers are the ill, in the sample only: with age and outcome known, the rest follows.
  const copied = { ...MEMBERS, columns: { ...MEMBERS.columns, late: { ...column(MEMBERS, "ill") } } };
  const model: LinearModel = { kind: "linear-model", features: ["age", "ill"], weights: [-0.001, 6], intercept: -3 };
  const verdict = judge(model, LINEAR, factsOf(copied, { heldOut: OTHERS }));
  expect(said(verdict, "model-attributes")).toBe("refused");
  const [attribute] = evidenceOf(verdict).attributes;
  expect(attribute).toMatchObject({ column: "ill", members: 1 });
  expect(attribute?.others).toBeLessThan(0.8);
  // Of everybody alike it is what the model learnt.
  const both = { ...OTHERS, columns: { ...OTHERS.columns, late: { ...column(OTHERS, "ill") } } };
  expect(said(judge(model, LINEAR, factsOf(copied, { heldOut: both })), "model-attributes")).toBe("passed");
});

test("model-outputs: more different outputs than a third of the persons wait for a person", () => {
  expect(said(judge(honest, { ...LINEAR, link: "identity" }, FACTS), "model-outputs")).toBe("review");
  const coarse: LinearModel = { ...honest, features: ["age", "ill"], weights: [-0.05, 0.1] };
  expect(said(judge(coarse, LINEAR, FACTS), "model-outputs")).toBe("passed");
});

test("AUC and rates are those of every pair and every threshold counted one by one", () => {
  const losses = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 100, maxLength: 140 });
  fc.assert(
    fc.property(losses, losses, (inside, outside) => {
      const found = measureMembership(Float64Array.from(inside), Float64Array.from(outside));
      let pairs = 0;
      for (const a of inside) for (const b of outside) pairs += a < b ? 1 : a === b ? 0.5 : 0;
      expect(found?.auc).toBeCloseTo(pairs / (inside.length * outside.length), 12);
      let tpr = 0;
      for (let limit = 0; limit <= 30; limit++) {
        const alarms = outside.filter((loss) => loss <= limit).length / outside.length;
        if (alarms <= 0.01) tpr = Math.max(tpr, inside.filter((loss) => loss <= limit).length / inside.length);
      }
      expect(found?.tprAt1.value).toBeCloseTo(tpr, 12);
      expect(found?.roc.at(-1)).toEqual([1, 1]);
    }),
    { numRuns: 30 },
  );
});

test("p-values of rows that are alike are uniform, and the tail is that of the normal distribution", () => {
  // From tables of the normal distribution.
  for (const [z, tail] of [
    [0, 0.5],
    [1, 0.158655],
    [1.96, 0.024998],
    [2.5758, 0.005],
    [-1.6449, 0.95],
  ] as const) {
    expect(upperTail(z)).toBeCloseTo(tail, 4);
  }
  const random = numbers(9);
  const draw = (): Float64Array => Float64Array.from({ length: 150 }, () => Math.floor(40 * random()));
  const runs = 400;
  const small = Array.from({ length: runs }, () => measureMembership(draw(), draw())?.pValue ?? 1);
  const below = (limit: number): number => small.filter((p) => p < limit).length / runs;
  expect(Math.abs(below(0.5) - 0.5)).toBeLessThan(0.1);
  expect(below(0.05)).toBeGreaterThan(0.01);
  expect(below(0.05)).toBeLessThan(0.1);
});

function column(table: ColumnBatch, name: string): NonNullable<ColumnBatch["columns"][string]> {
  const found = table.columns[name];
  if (found === undefined) throw new Error(`no column ${name}`);
  return found;
}

function first(table: ColumnBatch, rows: number): ColumnBatch["columns"] {
  return Object.fromEntries(
    Object.entries(table.columns).map(([name, own]) => [
      name,
      { ...own, values: own.values.slice(0, rows) } as typeof own,
    ]),
  );
}
